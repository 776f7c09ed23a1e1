"""PDUs to octets and back, and hostile octets; smpp34 (Rust) reads and writes the same."""

from __future__ import annotations

import asyncio
import struct

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from services.notify.providers.smpp import codec, status, tlv
from services.notify.providers.smpp.errors import PduError
from services.notify.providers.smpp.pdu import (
    PDUS,
    Bind,
    BindTransceiver,
    DeliverSm,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)

octet = st.integers(0, 255)
tlvs = st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=300), max_size=5)


def c_string(size: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=size - 1)


@st.composite
def pdus(draw: st.DrawFn) -> Pdu:
    kind = draw(st.sampled_from(list(PDUS.values())))
    strategies = {"text": c_string, "octet": lambda _: octet, "message": lambda size: st.binary(max_size=size)}
    values = {name: draw(strategies[field](size)) for name, field, size in kind.LAYOUT}
    # A body of NULs and no body are the same answer; a given system_id or message id keeps them apart.
    return kind(
        sequence=draw(st.integers(0, 0xFFFFFFFF)), status=draw(st.integers(0, 0xFFFFFFFF)), tlvs=draw(tlvs), **values
    )


@given(pdus())
def test_given_any_pdu_when_encoded_and_read_then_it_is_the_same(pdu: Pdu) -> None:
    """Nothing of a PDU is lost on the way."""
    assert codec.decode(codec.encode(pdu)) == pdu


@given(st.binary(max_size=400))
def test_given_any_octets_when_read_then_a_pdu_or_a_pdu_error(octets: bytes) -> None:
    """Malicious octets never raise anything else."""
    try:
        assert isinstance(codec.decode(octets), Pdu)
    except PduError:
        return


@given(st.sampled_from(sorted(PDUS)), st.binary(max_size=300))
def test_given_a_good_header_and_any_body_when_read_then_a_pdu_or_a_pdu_error(command: int, body: bytes) -> None:
    """The bodies' lengths are all checked."""
    octets = struct.pack(">IIII", 16 + len(body), command, 0, 7) + body
    try:
        sequence = codec.decode(octets).sequence
    except PduError as error:
        sequence = -1 if error.fatal or error.command_id != command else error.sequence
    assert sequence == 7


@given(pdus(), st.data())
def test_given_a_good_pdu_when_one_octet_is_broken_then_a_pdu_or_a_pdu_error(pdu: Pdu, data: st.DataObject) -> None:
    """Fuzzing close to real traffic."""
    octets = bytearray(codec.encode(pdu))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(octet)
    try:
        codec.decode(bytes(octets))
    except PduError:
        return


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (struct.pack(">IIII", 16, 0x77, 0, 1), status.INVALID_COMMAND_ID),
        (struct.pack(">IIII", 17, 0x15, 0, 1), status.INVALID_COMMAND_LENGTH),
        (struct.pack(">IIII", 18, 0x15, 0, 1) + b"\0\1", status.INVALID_OPTIONAL),
        (struct.pack(">IIII", 26, 0x09, 0, 1) + b"a" * 10, status.INVALID_PARAMETER_LENGTH),
        (struct.pack(">IIII", 34, 0x09, 0, 1) + b"a" * 17 + b"\0", status.INVALID_PARAMETER_LENGTH),
        (b"", status.INVALID_COMMAND_LENGTH),
    ],
)
def test_given_a_known_mistake_when_read_then_it_gets_its_own_status(octets: bytes, expected: int) -> None:
    """SMPP 3.4 §5.1.3."""
    with pytest.raises(PduError) as raised:
        codec.decode(octets)
    assert raised.value.status == expected


def test_given_a_message_length_beyond_its_pdu_when_read_then_it_is_refused() -> None:
    """sm_length is not believed."""
    octets = bytearray(codec.encode(SubmitSm(sequence=1, short_message=b"hello")))
    octets[-6] = 200
    with pytest.raises(PduError) as raised:
        codec.decode(bytes(octets))
    assert raised.value.status == status.INVALID_MESSAGE_LENGTH


async def test_given_a_length_of_gigabytes_when_reading_a_stream_then_it_ends_before_they_are_held() -> None:
    """The header alone decides; nobody makes us wait for, or hold, such a body."""
    stream = asyncio.StreamReader()
    stream.feed_data(struct.pack(">IIII", 0x7FFFFFFF, 4, 0, 1))
    with pytest.raises(PduError) as raised:
        await codec.read(stream)
    assert raised.value.fatal


def test_given_an_error_answer_without_body_when_read_then_it_is_an_answer() -> None:
    """SMPP 3.4 §4.4.2: no body where command_status is an error."""
    octets = struct.pack(">IIII", 16, 0x80000004, 0x58, 9)
    assert codec.decode(octets) == SubmitSmResp(sequence=9, status=0x58)
    assert codec.decode(codec.encode(GenericNack(status=3))) == GenericNack(status=3)


@pytest.mark.parametrize(
    "pdu",
    [
        BindTransceiver(system_id="x" * 16, password="p"),
        BindTransceiver(system_id="x", password="p" * 9),
        SubmitSm(destination="1" * 21),
        SubmitSm(short_message=b"x" * 255),
        SubmitSm(source="甲"),
        SubmitSm(source="a\0b"),
        SubmitSm(data_coding=256),
        SubmitSm(tlvs={tlv.MESSAGE_PAYLOAD: b"x" * 65536}),
    ],
)
def test_given_a_value_that_does_not_fit_when_encoded_then_only_its_field_is_named(pdu: Pdu) -> None:
    """No personal data in an error's text."""
    with pytest.raises(ValueError, match=r"^[a-z_ 0-9]+ (is too long|is not plain ASCII|is out of range)$"):
        codec.encode(pdu)


def test_given_a_pdu_when_shown_then_neither_words_nor_numbers_nor_password_are() -> None:
    """No personal data and no secret in a log."""
    shown = repr(SubmitSm(source="861069", destination="8613800138000", short_message=b"words"))
    assert "861069" not in shown
    assert "138001" not in shown
    assert "words" not in shown
    bind: Bind = BindTransceiver(system_id="a", password="secret")
    assert "secret" not in repr(bind)


def test_given_our_octets_when_an_independent_codec_reads_them_then_it_finds_the_same() -> None:
    """smpp34 is another implementation, in Rust."""
    ours = SubmitSm(
        sequence=42,
        source_ton=1,
        source_npi=1,
        source="861069000001",
        destination_ton=1,
        destination_npi=1,
        destination="8613800138000",
        esm_class=0x40,
        registered_delivery=1,
        data_coding=8,
        short_message="中文".encode("utf-16-be"),
        tlvs={tlv.USER_MESSAGE_REFERENCE: b"\1\2"},
    )

    theirs = smpp34.decode(codec.encode(ours))

    assert isinstance(theirs, smpp34.SubmitSm)
    assert (theirs.sequence_number, theirs.source_addr, theirs.destination_addr) == (42, ours.source, ours.destination)
    assert (theirs.esm_class, theirs.data_coding, theirs.short_message) == (0x40, 8, ours.short_message)
    assert [(each.tag, each.value) for each in theirs.tlvs] == [(tlv.USER_MESSAGE_REFERENCE, b"\1\2")]
    assert codec.decode(theirs.encode()) == ours


def test_given_octets_of_an_independent_codec_when_read_then_the_fields_are_where_they_belong() -> None:
    """And the other way round."""
    octets = smpp34.DeliverSm(
        "8613800138000",
        "861069000001",
        b"id:1 stat:DELIVRD",
        esm_class=4,
        tlvs=[smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, b"1\0"), smpp34.Tlv(smpp34.TLV_MESSAGE_STATE, b"\2")],
        sequence_number=5,
    ).encode()

    pdu = codec.decode(octets)

    assert isinstance(pdu, DeliverSm)
    assert (pdu.source, pdu.destination, pdu.esm_class) == ("8613800138000", "861069000001", 4)
    assert tlv.text(pdu.tlvs, tlv.RECEIPTED_MESSAGE_ID) == "1"
    assert tlv.number(pdu.tlvs, tlv.MESSAGE_STATE) == 2
