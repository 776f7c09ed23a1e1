"""Our SMPP client against our message centre, over sockets, when things go well and when they do not."""

from __future__ import annotations

import asyncio

import pytest

from deploy.local.sandbox import Sandbox
from deploy.local.sandbox.faults import FaultOrder, SmsFault
from deploy.local.sandbox.sandbox import NUMBERS
from services.notify.providers.result import Accepted, Rejected, Unknown, receipt_key, receipt_keys
from services.notify.providers.smpp.link import LinkSettings
from tests.wire.conftest import PHONE, Connect, Heard, sms, until


def order(sandbox: Sandbox, **fault: object) -> None:
    sandbox.faults.add(FaultOrder(sms=SmsFault(**fault)))  # type: ignore[arg-type]


async def test_given_a_text_when_sent_then_the_phone_has_it_and_a_receipt_names_it(
    sandbox: Sandbox, connect: Connect, heard: Heard
) -> None:
    """NT-01: an SMS travels whole, its receipt finds it."""
    provider = await connect()

    result = await provider.send(sms("您好 hello"))

    assert isinstance(result, Accepted)
    received = sandbox.inbox.newest(after=0, channel="sms", recipient=PHONE, limit=10)
    assert [(each.text, each.sender, each.reference) for each in received] == [
        ("您好 hello", NUMBERS[0], result.provider_id)
    ]
    await until(lambda: len(heard.receipts) == 1)
    assert heard.receipts[0].state == "delivered"
    assert heard.receipts[0].recipient == PHONE
    assert receipt_key(result.provider_id) in receipt_keys(heard.receipts[0].provider_id)


@pytest.mark.parametrize("text", ["a" * 150 + "€" * 20 + "b" * 200, "中" * 66 + "😀" + "文" * 90])
async def test_given_a_long_text_when_sent_then_the_phone_shows_one_message(
    sandbox: Sandbox, connect: Connect, heard: Heard, text: str
) -> None:
    """Segments with a header each, one id and one receipt each."""
    provider = await connect()

    result = await provider.send(sms(text))

    assert isinstance(result, Accepted)
    [received] = sandbox.inbox.newest(after=0, channel="sms", recipient=PHONE, limit=10)
    assert received.text == text
    assert received.references == result.provider_ids
    await until(lambda: {each.provider_id for each in heard.receipts} == set(result.provider_ids))


async def test_given_many_messages_at_once_when_sent_then_each_has_its_own_answer(
    sandbox: Sandbox, connect: Connect, heard: Heard
) -> None:
    """A window of ten; answers and requests are matched by sequence number."""
    provider = await connect()
    results = await asyncio.gather(*(provider.send(sms(f"message {n}")) for n in range(200)))
    ids = {result.provider_id for result in results if isinstance(result, Accepted)}
    assert len(ids) == 200
    await until(lambda: {each.provider_id for each in heard.receipts} == ids)


@pytest.mark.parametrize(
    ("code", "permanent"), [(0x58, False), (0x14, False), (0x08, False), (0x0B, True), (0x401, False)]
)
async def test_given_an_error_answer_when_sent_then_it_is_surely_not_taken(
    sandbox: Sandbox, connect: Connect, code: int, permanent: bool
) -> None:
    """Throttled, queue full, system error: later; an invalid destination: never."""
    order(sandbox, reject=code)
    provider = await connect()

    assert await provider.send(sms()) == Rejected(f"smpp-0x{code:08x}", permanent=permanent)
    assert isinstance(await provider.send(sms()), Accepted)


@pytest.mark.parametrize("drop", ["taken", "lost"])
async def test_given_a_link_that_drops_when_in_flight_then_the_result_is_unknown_and_the_bind_comes_back(
    sandbox: Sandbox, connect: Connect, heard: Heard, drop: str
) -> None:
    """In doubt: taken or not, nobody can tell. Its receipt, if any, comes on the next bind."""
    order(sandbox, drop=drop)
    provider = await connect()

    assert await provider.send(sms("first")) == Unknown("link-dropped")

    assert isinstance(await provider.send(sms("second")), Accepted)
    texts = [each.text for each in sandbox.inbox.newest(after=0, channel="sms", recipient=None, limit=10)]
    assert texts == (["first", "second"] if drop == "taken" else ["second"])
    await until(lambda: len(heard.receipts) == len(texts))


async def test_given_a_silent_centre_when_the_timer_ends_then_the_result_is_unknown(
    sandbox: Sandbox, connect: Connect
) -> None:
    """Bytes left, nothing came back; the link lives on."""
    provider = await connect(link=LinkSettings(response_timeout=0.5))
    await until(lambda: provider.bound)
    order(sandbox, silent=True)

    assert await provider.send(sms()) == Unknown("response-timeout")

    assert provider.bound
    async with asyncio.timeout(60):
        while not isinstance(await provider.send(sms()), Accepted):
            continue


async def test_given_a_second_segment_refused_when_sent_then_the_result_is_unknown_with_the_first_id(
    sandbox: Sandbox, connect: Connect
) -> None:
    """Half a message has left: sending all of it again would double that half."""
    order(sandbox)
    order(sandbox, reject=0x0B)
    provider = await connect()

    result = await provider.send(sms("a" * 200))

    assert isinstance(result, Unknown)
    assert (result.reason, len(result.provider_ids)) == ("partly-accepted", 1)


async def test_given_a_second_segment_throttled_when_sent_then_it_is_tried_until_the_message_is_whole(
    sandbox: Sandbox, connect: Connect
) -> None:
    """Throttling in the middle is waited out."""
    order(sandbox)
    order(sandbox, reject=0x58)
    provider = await connect()
    assert isinstance(await provider.send(sms("a" * 200)), Accepted)
    [received] = sandbox.inbox.newest(after=0, channel="sms", recipient=None, limit=10)
    assert received.text == "a" * 200


@pytest.mark.parametrize(
    ("fault", "states"),
    [
        ({"receipt": "early"}, ["delivered"]),
        ({"receipt": "twice", "receipt_after": 0.01}, ["delivered", "delivered"]),
        ({"receipt_after": 0.7}, ["delivered"]),
        ({"receipt_id": "decimal", "receipt_after": 0}, ["delivered"]),
        ({"receipt_id": "upper", "receipt_after": 0}, ["delivered"]),
        ({"receipt_state": "UNDELIV", "receipt_after": 0}, ["failed"]),
        ({"receipt_state": "EXPIRED", "receipt_after": 0}, ["expired"]),
    ],
)
async def test_given_receipts_as_centres_bring_them_when_keyed_then_they_find_their_message(
    sandbox: Sandbox, connect: Connect, heard: Heard, fault: dict[str, object], states: list[str]
) -> None:
    """Early, late, twice, decimal or upper-case ids."""
    order(sandbox, **fault)
    provider = await connect()

    result = await provider.send(sms())

    assert isinstance(result, Accepted)
    if fault.get("receipt") == "early":
        assert len(heard.receipts) == 1
    await until(lambda: len(heard.receipts) == len(states))
    assert [each.state for each in heard.receipts] == states
    for each in heard.receipts:
        assert receipt_key(result.provider_id) in receipt_keys(each.provider_id)


async def test_given_a_store_that_fails_when_a_receipt_comes_then_it_comes_again(
    sandbox: Sandbox, connect: Connect, heard: Heard
) -> None:
    """Nothing is acknowledged that is not stored."""
    heard.failures = 2
    provider = await connect()
    assert isinstance(await provider.send(sms()), Accepted)
    await until(lambda: len(heard.receipts) == 1)
    assert heard.failures == 0


@pytest.mark.parametrize("text", ["满意", "ok", "很长的回答" * 50])
async def test_given_a_phone_that_answers_when_it_comes_then_it_is_one_text(
    sandbox: Sandbox, connect: Connect, heard: Heard, text: str
) -> None:
    """IN-01: inbound SMS, long ones put together."""
    provider = await connect()
    await until(lambda: provider.bound)

    assert await sandbox.phone_sends(PHONE, NUMBERS[1], text)

    assert [(each.sender, each.recipient, each.text) for each in heard.inbound] == [(PHONE, NUMBERS[1], text)]


async def test_given_a_wrong_password_when_binding_then_nothing_is_sent_and_the_reason_is_told(
    sandbox: Sandbox, connect: Connect
) -> None:
    """Bind refused = surely not taken."""
    for changes, reason in (({"password": "wrong"}, "bind-0x0000000e"), ({"system_id": "nobody"}, "bind-0x0000000f")):
        provider = await connect(bind_wait=0.1, **changes)
        await until(lambda: provider.problem == reason)  # noqa: B023 - awaited within the turn
        assert await provider.send(sms()) == Rejected(reason, permanent=False)
        assert not provider.bound


async def test_given_nobody_listening_when_sent_then_it_is_surely_not_taken(sandbox: Sandbox, connect: Connect) -> None:
    """Connect refused."""
    provider = await connect(port=1, bind_wait=0.1)
    await until(lambda: provider.problem == "connect-refused")
    assert await provider.send(sms()) == Rejected("connect-refused", permanent=False)


@pytest.mark.parametrize(
    ("recipient", "text", "code"), [("王小明", "x", "address-unfit"), (PHONE, "中" * 700, "too-long")]
)
async def test_given_a_message_that_cannot_be_sent_when_sent_then_it_is_refused_for_good(
    connect: Connect, recipient: str, text: str, code: str
) -> None:
    """And its number is in no code."""
    provider = await connect()
    assert await provider.send(sms(text, recipient)) == Rejected(code, permanent=True)


async def test_given_separate_binds_when_sending_and_receiving_then_receipts_come_to_the_receiver(
    sandbox: Sandbox, connect: Connect, heard: Heard
) -> None:
    """Roles as processes: the sender binds as transmitter, the receiver as receiver."""
    receiver = await connect(mode="receiver")
    sender = await connect(mode="transmitter")
    await until(lambda: receiver.bound)
    assert isinstance(await sender.send(sms()), Accepted)
    await until(lambda: len(heard.receipts) == 1)


async def test_given_a_centre_that_goes_and_comes_when_bound_then_the_bind_is_made_again(
    sandbox: Sandbox, connect: Connect
) -> None:
    """Reconnects by itself."""
    provider = await connect()
    await until(lambda: provider.bound)
    sandbox.smsc.drop_links()
    await until(lambda: not provider.bound)
    assert isinstance(await provider.send(sms()), Accepted)


async def test_given_a_dead_link_when_silent_then_a_probe_without_answer_ends_it(connect: Connect) -> None:
    """enquire_link: a peer that vanished without a word is noticed."""

    async def answers_only_the_bind(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        octets = await stream.readexactly(4)
        await stream.readexactly(int.from_bytes(octets, "big") - 4)
        writer.write(bytes.fromhex("0000001180000009000000000000000100"))
        await stream.read()
        writer.close()

    server = await asyncio.start_server(answers_only_the_bind, "127.0.0.1", 0)
    provider = await connect(
        port=server.sockets[0].getsockname()[1], link=LinkSettings(response_timeout=0.2, enquire_interval=0.1)
    )
    await until(lambda: provider.bound)
    await until(lambda: provider.problem == "link-dropped")
    await provider.close()
    server.close()


async def test_given_an_open_bind_when_closed_then_the_centre_is_told(sandbox: Sandbox, connect: Connect) -> None:
    """unbind, not a cut."""
    provider = await connect()
    await until(lambda: provider.bound)
    await provider.close()
    await until(lambda: sandbox.smsc.bound == 0)
    assert not provider.bound
