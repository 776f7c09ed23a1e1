"""Alphabet and cutting of SMS, against the independent splitter `smsutil`."""

from __future__ import annotations

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from services.notify.providers.segments import ROOM, alphabet_of, decode_gsm, encode, split

GSM = "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}\\[~]|€"

any_text = st.text(st.characters(exclude_characters="\x1b", exclude_categories=["Cs"]), max_size=500)
gsm_text = st.text(st.sampled_from(GSM), max_size=500)
mixed_text = st.text(st.sampled_from("a€[]中文😀`ç"), max_size=400)


@pytest.mark.parametrize(
    ("text", "alphabet", "segments"),
    [
        ("", "gsm", 1),
        ("a" * 160, "gsm", 1),
        ("a" * 161, "gsm", 2),
        ("a" * 306, "gsm", 2),
        ("a" * 307, "gsm", 3),
        ("€" * 80, "gsm", 1),
        ("a" * 152 + "€" + "a" * 152, "gsm", 3),
        ("中" * 70, "ucs2", 1),
        ("中" * 71, "ucs2", 2),
        ("中" * 134, "ucs2", 2),
        ("中" * 135, "ucs2", 3),
        ("😀" * 35, "ucs2", 1),
        ("中" * 66 + "😀" + "中" * 66, "ucs2", 3),
        ("`", "ucs2", 1),
        ("ç", "ucs2", 1),
        ("Ç", "gsm", 1),
        ("a\x1bb", "ucs2", 1),
    ],
)
def test_given_a_text_when_cut_then_alphabet_and_number_are_those_of_the_standard(
    text: str, alphabet: str, segments: int
) -> None:
    """3GPP TS 23.038: 160/153 septets, 70/67 characters; the escape code alone is no character."""
    cut = split(text)
    assert (cut.alphabet, len(cut.parts)) == (alphabet, segments)


@given(st.one_of(any_text, gsm_text, mixed_text))
def test_given_any_text_when_cut_then_an_independent_splitter_agrees(text: str) -> None:
    """The oracle counts the same parts, at the same places."""
    ours, oracle = split(text), smsutil.split(text)

    assert [part.content for part in oracle.parts] == list(ours.parts)
    # The oracle calls the empty text UCS-2; it costs one empty segment either way.
    assert not text or (oracle.encoding == "gsm0338") == (ours.alphabet == "gsm")


@given(st.one_of(any_text, gsm_text, mixed_text))
def test_given_any_text_when_cut_then_nothing_is_lost_and_every_part_fits(text: str) -> None:
    """Joined parts are the text; no part outgrows its room; no pair is cut, since each part encodes by itself."""
    cut = split(text)
    alone, together = ROOM[cut.alphabet]

    assert "".join(cut.parts) == text
    room = alone if len(cut.parts) == 1 else together
    for part, octets in zip(cut.parts, cut.encoded(), strict=True):
        assert len(octets) <= room
        decoded = decode_gsm(octets) if cut.alphabet == "gsm" else octets.decode("utf-16-be")
        assert decoded == part


def test_given_a_signature_when_cut_then_it_takes_room_like_any_words() -> None:
    """【…】 is not in GSM's table: it makes the whole text UCS-2 and counts."""
    assert len(split("a" * 70).parts) == 1
    assert alphabet_of("【前台】" + "a" * 70) == "ucs2"
    assert len(split("【前台】" + "a" * 70).parts) == 2


@given(st.binary(max_size=200))
def test_given_any_octets_when_read_as_gsm_then_there_is_a_text(octets: bytes) -> None:
    """Inbound octets never raise."""
    assert isinstance(decode_gsm(octets), str)


def test_given_a_lone_surrogate_when_encoded_then_it_becomes_a_question_mark() -> None:
    """Nothing that a template could hold makes sending raise."""
    assert encode("\ud800", "ucs2") == "?".encode("utf-16-be")
