"""Long inbound messages: whole once, acknowledged only when stored, bounded."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from services.notify.providers.smpp.assembly import Assembly
from services.notify.providers.smpp.errors import PduError
from services.notify.providers.smpp.pdu import DeliverSm
from services.notify.providers.smpp.userdata import UCS2, UDHI, Part, header, part_of, text_of

FROM, TO = "+8613800138000", "+861069000001"


def pieces(*texts: str, reference: int = 7) -> list[Part]:
    return [
        Part(text.encode("utf-16-be"), UCS2, reference, number, len(texts))
        for number, text in enumerate(texts, start=1)
    ]


class Shelf:
    """Stores texts; can be told to fail."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.failing = False

    async def store(self, text: str) -> None:
        if self.failing:
            raise ConnectionError
        self.texts.append(text)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_given_three_pieces_in_any_order_when_all_came_then_one_text_is_stored(order: tuple[int, ...]) -> None:
    """IN-01: an SMS in three pieces is one message."""
    shelf, assembly = Shelf(), Assembly(hold=5)
    parts = pieces("一", "二", "三")

    taken = await asyncio.gather(*(assembly.add(FROM, TO, parts[place], shelf.store) for place in order))

    assert shelf.texts == ["一二三"]
    assert taken == [True, True, True]


async def test_given_a_missing_piece_when_held_long_enough_then_it_is_asked_for_again() -> None:
    """Nothing is acknowledged that is not stored: a crash here could not lose it."""
    shelf, assembly = Shelf(), Assembly(hold=0.01)
    first, second = pieces("一", "二")

    assert await assembly.add(FROM, TO, first, shelf.store) is False
    assert await assembly.add(FROM, TO, second, shelf.store) is True
    assert await assembly.add(FROM, TO, first, shelf.store) is True
    assert shelf.texts == ["一二"]


async def test_given_a_failing_store_when_the_last_piece_comes_then_it_is_raised_and_may_come_again() -> None:
    """A raise becomes "bring it again" on the link."""
    shelf, assembly = Shelf(), Assembly(hold=0.01)
    first, second = pieces("一", "二")
    shelf.failing = True
    await assembly.add(FROM, TO, first, shelf.store)
    with pytest.raises(ConnectionError):
        await assembly.add(FROM, TO, second, shelf.store)

    shelf.failing = False

    assert await assembly.add(FROM, TO, second, shelf.store) is True
    assert shelf.texts == ["一二"]


async def test_given_a_used_reference_when_other_words_come_then_they_are_a_new_message() -> None:
    """Phones count to 255 and begin again; the second message must not be taken for a repeat."""
    shelf, assembly = Shelf(), Assembly(hold=5)
    for texts in (("一", "二"), ("三", "四")):
        await asyncio.gather(*(assembly.add(FROM, TO, each, shelf.store) for each in pieces(*texts)))
    assert shelf.texts == ["一二", "三四"]


async def test_given_an_old_incomplete_set_when_a_piece_comes_again_then_what_there_is_is_stored() -> None:
    """Better a message with a gap than none; the gap is shown."""
    shelf, assembly = Shelf(), Assembly(hold=0.01, max_age=0.5)
    first, _, third = pieces("一", "二", "三")
    assert await assembly.add(FROM, TO, first, shelf.store) is False
    await asyncio.sleep(0.6)
    assert await assembly.add(FROM, TO, third, shelf.store) is True
    assert shelf.texts == ["一…三"]


async def test_given_more_open_sets_than_allowed_when_one_more_comes_then_it_has_to_wait() -> None:
    """Memory is bounded; finished sets make room."""
    shelf, assembly = Shelf(), Assembly(hold=0.01, max_sets=2)
    for reference in (1, 2):
        await assembly.add(FROM, TO, pieces("一", "二", reference=reference)[0], shelf.store)
    crowded = pieces("三", "四", reference=3)
    assert await assembly.add(FROM, TO, crowded[0], shelf.store) is False
    assert await assembly.add(FROM, TO, crowded[1], shelf.store) is False

    assert await assembly.add(FROM, TO, pieces("一", "二", reference=1)[1], shelf.store) is True

    assert await assembly.add(FROM, TO, crowded[0], shelf.store) is False
    assert await assembly.add(FROM, TO, crowded[1], shelf.store) is True
    assert shelf.texts == ["一二", "三四"]


@pytest.mark.parametrize(
    "pdu",
    [
        DeliverSm(esm_class=UDHI, short_message=header(7, 2, 3) + b"x"),
        DeliverSm(esm_class=UDHI, short_message=bytes((6, 8, 4, 0, 7, 3, 2)) + b"x"),
        DeliverSm(short_message=b"x", tlvs={0x20C: b"\0\7", 0x20E: b"\3", 0x20F: b"\2"}),
    ],
)
def test_given_a_piece_marked_in_any_way_when_read_then_its_place_is_known(pdu: DeliverSm) -> None:
    """8-bit and 16-bit headers, and sar_* parameters."""
    assert part_of(pdu) == Part(b"x", 0, 7, 2, 3)


@pytest.mark.parametrize(
    "octets", [b"", b"\x20abc", bytes((5, 0, 3, 7, 3, 4)), bytes((5, 0, 3, 7, 3, 0)), bytes((2, 0, 9)) + b"x"]
)
def test_given_a_broken_header_when_read_then_the_message_is_refused(octets: bytes) -> None:
    """Lengths inside the header are not believed."""
    with pytest.raises(PduError):
        part_of(DeliverSm(esm_class=UDHI, short_message=octets))


def test_given_a_coding_when_read_then_the_words_are_right() -> None:
    """GSM with escapes, UCS-2, Latin-1; and a long text in message_payload."""
    assert text_of(b"\x1be1", 0) == "€1"
    assert text_of("中".encode("utf-16-be"), 8) == "中"
    assert text_of(b"\xe9", 3) == "é"
    assert part_of(DeliverSm(tlvs={0x424: b"long"})).octets == b"long"
