"""Receipts in their many spellings, and the keys they are matched by."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.providers.result import receipt_key, receipt_keys
from services.notify.providers.smpp import tlv
from services.notify.providers.smpp.pdu import DeliverSm
from services.notify.providers.smpp.receipts import is_receipt, parse_receipt

AT = datetime(2026, 11, 3, tzinfo=UTC)


def receipt(text: str, tlvs: dict[int, bytes] | None = None) -> DeliverSm:
    return DeliverSm(
        esm_class=4, source_ton=1, source="8613800138000", short_message=text.encode("latin-1"), tlvs=tlvs or {}
    )


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("DELIVRD", "delivered"),
        ("delivrd", "delivered"),
        ("DELIVERED", "delivered"),
        ("EXPIRED", "expired"),
        ("UNDELIV", "failed"),
        ("UNDELIVERABLE", "failed"),
        ("REJECTD", "failed"),
        ("DELETED", "failed"),
        ("UNKNOWN", "unknown"),
        ("SOMETHING", "unknown"),
        ("ENROUTE", None),
        ("ACCEPTD", None),
    ],
)
def test_given_a_receipt_as_text_when_read_then_its_state_is_ours(word: str, state: str | None) -> None:
    """SMPP 3.4 appendix B; a message still on its way has nothing to tell."""
    found = parse_receipt(
        receipt(f"id:0A1b sub:001 dlvrd:001 submit date:2611030900 done date:2611030901 stat:{word} err:011 text:hi"),
        AT,
    )
    if state is None:
        assert found is None
    else:
        assert found is not None
        assert (found.provider_id, found.state, found.code, found.at) == ("0A1b", state, "011", AT)
        assert found.recipient == "+8613800138000"


def test_given_words_that_look_like_fields_when_read_then_they_are_not_believed() -> None:
    """The text of the message itself stands at the receipt's end."""
    found = parse_receipt(receipt("id:1 stat:UNDELIV err:005 Text:id:2 stat:DELIVRD"), AT)
    assert found is not None
    assert (found.provider_id, found.state) == ("1", "failed")


def test_given_tlvs_when_read_then_they_win_over_the_text() -> None:
    """receipted_message_id and message_state are exact where the text is a habit."""
    tlvs = {
        tlv.RECEIPTED_MESSAGE_ID: b"abc\0",
        tlv.MESSAGE_STATE: b"\5",
        tlv.NETWORK_ERROR_CODE: b"\3\0\x08",
    }
    found = parse_receipt(receipt("id:9 stat:DELIVRD", tlvs), AT)
    assert found is not None
    assert (found.provider_id, found.state, found.code) == ("abc", "failed", "3-8")


@given(st.binary(max_size=254), st.dictionaries(st.sampled_from([0x1E, 0x423, 0x427]), st.binary(max_size=80)))
def test_given_any_octets_when_read_as_a_receipt_then_nothing_is_raised(text: bytes, tlvs: dict[int, bytes]) -> None:
    """And what is found is printable."""
    found = parse_receipt(DeliverSm(esm_class=4, short_message=text, tlvs=tlvs), AT)
    if found is not None:
        assert found.provider_id.isprintable()
        assert found.code.isprintable()


@pytest.mark.parametrize(
    ("esm_class", "expected"), [(0, False), (0x04, True), (0x40, False), (0x44, True), (0x20, True)]
)
def test_given_an_esm_class_then_it_says_whether_this_is_a_receipt(esm_class: int, expected: bool) -> None:
    """SMPP 3.4 §5.2.12: bits 2 to 5."""
    assert is_receipt(DeliverSm(esm_class=esm_class)) is expected


@pytest.mark.parametrize(
    ("answered", "receipted"),
    [
        ("1a2b3c4d", "1A2B3C4D"),
        ("1a2b3c4d", "439041101"),
        ("0000001a2b3c4d", "439041101"),
        ("439041101", "1A2B3C4D"),
        ("12345678", "305419896"),
        ("0042", "42"),
        ("7d6b0c1e-22", "7D6B0C1E-22"),
    ],
)
def test_given_two_spellings_of_an_id_when_keyed_then_they_meet_from_either_side(answered: str, receipted: str) -> None:
    """Centres answer in hex and write receipts in decimal, or the other way; case and zeros differ."""
    assert receipt_key(answered) in receipt_keys(receipted)
    assert receipt_key(receipted) in receipt_keys(answered)


def test_given_an_id_that_stands_for_itself_when_keyed_then_itself_comes_first() -> None:
    """A guess at another base never beats the exact id."""
    assert receipt_keys("16")[0] == "16"
    assert receipt_keys("ABC")[0] == "abc"
    assert receipt_keys("0") == ("0",)


@given(st.text(max_size=70))
def test_given_any_text_when_keyed_then_nothing_is_raised(text: str) -> None:
    """Providers write what they like."""
    assert receipt_keys(text)[0] == receipt_key(text)
