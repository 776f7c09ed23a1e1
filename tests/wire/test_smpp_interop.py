"""Our client against an independent message centre, and an independent client and raw octets against ours.

smpp34 is a Rust implementation. Its client is only used in ways in which it does not fall over at exit.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import replace

import pytest
import smpp34

from deploy.local.sandbox import Sandbox
from deploy.local.sandbox.sandbox import NUMBERS, PASSWORD, SYSTEM_ID
from services.notify.providers.result import Accepted, Rejected
from services.notify.providers.smpp.provider import SmppProvider
from tests.wire.conftest import PHONE, Heard, smpp_settings, sms, until


async def free_port() -> int:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_given_an_independent_centre_when_our_client_binds_then_messages_receipts_and_replies_pass() -> None:
    """The other side is not ours: codec, bind, submit, reject, receipt, inbound message."""
    heard, port = Heard(), await free_port()
    server = smpp34.Server("127.0.0.1", port, system_id="indep")
    await server.start()
    provider = SmppProvider(smpp_settings(port), heard.on_receipt, heard.on_inbound)
    try:
        await provider.start()
        esme = await asyncio.wait_for(server.next(), 20)
        assert isinstance(esme, smpp34.Esme)
        assert esme.system_id == SYSTEM_ID
        sending = asyncio.create_task(provider.send(sms("中文 and €")))

        event = await asyncio.wait_for(server.next(), 20)
        assert isinstance(event, smpp34.SubmitSmEvent)
        assert (event.destination_addr, event.source_addr) == (PHONE[1:], NUMBERS[0][1:])
        assert (event.data_coding, event.short_message.decode("utf-16-be")) == (8, "中文 and €")
        event.accept("0aBc")
        assert await sending == Accepted(("0aBc",))

        receipt = await esme.deliver_sm(
            event.source_addr,
            b"id:2748 sub:001 dlvrd:001 submit date:2611030900 done date:2611030900 stat:DELIVRD err:000 text:",
            source_addr=event.destination_addr,
            source_addr_ton=1,
            esm_class=4,
        )
        assert receipt.is_success
        assert [(each.provider_id, each.state, each.recipient) for each in heard.receipts] == [
            ("2748", "delivered", PHONE)
        ]

        reply = await esme.deliver_sm(
            NUMBERS[0][1:], "满意".encode("utf-16-be"), source_addr=PHONE[1:], source_addr_ton=1,
            dest_addr_ton=1, data_coding=8,
        )  # fmt: skip
        assert reply.is_success
        assert [(each.sender, each.recipient, each.text) for each in heard.inbound] == [(PHONE, NUMBERS[0], "满意")]

        refused = asyncio.create_task(provider.send(sms("again")))
        second = await asyncio.wait_for(server.next(), 20)
        assert isinstance(second, smpp34.SubmitSmEvent)
        second.reject(smpp34.ESME_RTHROTTLED)
        assert await refused == Rejected("smpp-0x00000058", permanent=False)
    finally:
        await provider.close()
        await server.stop()


async def test_given_an_independent_client_when_it_binds_to_our_centre_then_messages_and_receipts_pass(
    sandbox: Sandbox,
) -> None:
    """smpp34's client against our message centre."""
    client = smpp34.Client("127.0.0.1", sandbox.smsc_port, SYSTEM_ID, PASSWORD, bind_type="TRX")
    smsc = await client.connect()
    try:
        answer = await smsc.submit_sm(
            PHONE[1:], b"hello", source_addr=NUMBERS[0][1:], source_addr_ton=1, dest_addr_ton=1, registered_delivery=1
        )
        assert answer.is_success
        assert answer.message_id
        [received] = sandbox.inbox.newest(after=0, channel="sms", recipient=PHONE, limit=10)
        assert (received.text, received.reference) == ("hello", answer.message_id)

        event = await asyncio.wait_for(smsc.next(), 20)

        assert isinstance(event, smpp34.DeliverSmEvent)
        assert event.esm_class == 4
        assert f"id:{answer.message_id} ".encode() in event.short_message
        assert b"stat:DELIVRD" in event.short_message
    finally:
        await smsc.unbind()
        await client.stop()


class RawClient:
    """Octets built by hand, without any codec of ours."""

    def __init__(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.stream, self.writer = stream, writer

    @classmethod
    async def connect(cls, port: int) -> RawClient:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, command: int, sequence: int, body: bytes = b"") -> tuple[int, int, int, bytes]:
        self.writer.write(struct.pack(">IIII", 16 + len(body), command, 0, sequence) + body)
        return await self.read()

    async def read(self) -> tuple[int, int, int, bytes]:
        length, command, status, sequence = struct.unpack(">IIII", await self.stream.readexactly(16))
        return command, status, sequence, await self.stream.readexactly(length - 16)

    async def bind(self, password: bytes = PASSWORD.encode()) -> tuple[int, int, int, bytes]:
        return await self.ask(0x09, 1, SYSTEM_ID.encode() + b"\0" + password + b"\0\0\x34\0\0\0")

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


SUBMIT = (
    b"\0\1\1861069000001\0\1\1" + PHONE[1:].encode() + b"\0\0\0\0\0\0\1\0\0\0\x05hello"
)  # service, source, destination, esm_class … default id, length, text


async def test_given_raw_octets_when_a_hand_made_client_talks_then_our_centre_answers_by_the_book(
    sandbox: Sandbox,
) -> None:
    """SMPP 3.4 §4: bind, enquire_link, submit, receipt, unbind."""
    client = await RawClient.connect(sandbox.smsc_port)
    command, status, sequence, body = await client.bind()
    assert (command, status, sequence) == (0x80000009, 0, 1)
    assert body.endswith(b"\x02\x10\x00\x01\x34")
    assert await client.ask(0x15, 2) == (0x80000015, 0, 2, b"")

    command, status, sequence, body = await client.ask(0x04, 3, SUBMIT)
    assert (command, status, sequence) == (0x80000004, 0, 3)
    command, status, sequence, receipt = await client.read()
    assert (command, status) == (0x05, 0)
    assert b"id:" + body[:-1] + b" sub:001" in receipt
    client.writer.write(struct.pack(">IIII", 17, 0x80000005, 0, sequence) + b"\0")

    assert await client.ask(0x06, 4) == (0x80000006, 0, 4, b"")
    assert await client.stream.read() == b""
    await client.close()


async def test_given_no_bind_when_submitting_then_it_is_refused(sandbox: Sandbox) -> None:
    """ESME_RINVBNDSTS; a second bind is refused too; a wrong password, too."""
    client = await RawClient.connect(sandbox.smsc_port)
    assert (await client.ask(0x04, 1, SUBMIT))[1] == 0x04
    assert (await client.bind(b"nonsense"))[1] == 0x0E
    assert (await client.bind())[1] == 0
    assert (await client.bind())[1] == 0x05
    foreign = SUBMIT.replace(b"861069000001", b"861069000009")
    assert (await client.ask(0x04, 2, foreign))[1] == 0x0A
    await client.close()


@pytest.mark.parametrize(
    ("octets", "answer", "lives"),
    [
        (struct.pack(">IIII", 16, 0x03, 0, 9), (0x80000000, 0x03, 9, b""), True),
        (struct.pack(">IIII", 20, 0x04, 0, 9) + b"aaaa", (0x80000000, 0xC2, 9, b""), True),
        (struct.pack(">IIII", 17, 0x15, 0, 9) + b"a", (0x80000000, 0xC0, 9, b""), True),
        (struct.pack(">IIII", 15, 0x15, 0, 9), (0x80000000, 0x02, 9, b""), False),
        (b"GET / HTTP/1.1\r\n\r\n", (0x80000000, 0x02, 0x2E310D0A, b""), False),
    ],
)
async def test_given_malformed_octets_when_sent_then_a_nack_and_at_most_this_link_ends(
    sandbox: Sandbox, octets: bytes, answer: tuple[int, int, int, bytes], lives: bool
) -> None:
    """generic_nack; a stream that is out of step is closed; others go on."""
    client = await RawClient.connect(sandbox.smsc_port)
    await client.bind()
    client.writer.write(octets)
    assert await client.read() == answer
    if lives:
        assert await client.ask(0x15, 2) == (0x80000015, 0, 2, b"")
    else:
        assert await client.stream.read() == b""
    await client.close()
    other = await RawClient.connect(sandbox.smsc_port)
    assert (await other.bind())[1] == 0
    await other.close()


async def test_given_a_centre_that_sends_garbage_when_bound_then_our_client_binds_again() -> None:
    """Malicious octets from the other side cost a link, not the process."""
    heard, binds = Heard(), 0

    async def garbage(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal binds
        binds += 1
        await stream.readexactly(4)
        writer.write(bytes.fromhex("0000001180000009000000000000000100") + b"\xff" * 64)
        await stream.read()
        writer.close()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    settings = replace(smpp_settings(server.sockets[0].getsockname()[1]), bind_wait=0.2)
    provider = SmppProvider(settings, heard.on_receipt, heard.on_inbound)
    await provider.start()
    await until(lambda: binds >= 3)
    await provider.close()
    server.close()
