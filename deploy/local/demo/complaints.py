"""Complaints of a demo day, from the report to the last answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from deploy.local.demo.cast import SHOP, WEB, Person
from deploy.local.demo.desk import Desk, NotThere, until
from shared.kernel import clock

SATISFIED = {"zh-CN": "满意，谢谢", "en": "1"}
NEUTRAL = {"zh-CN": "一般", "en": "2"}
DISSATISFIED = {"zh-CN": "不满意，问题还在", "en": "3, it is still broken"}

_TEXTS = {
    "zh-CN": ("水龙头漏水，报修三天无人处理。", "快递送错地址，客服电话打不通。", "新买的灯具一周就坏了。"),
    "en": ("The tap still drips after two repairs.", "The invoice is wrong again.", "Nobody called me back."),
}

Json = dict[str, Any]


def report(person: Person, number: int) -> Json:
    """The complaint as the demo's web form posts it."""
    texts = _TEXTS[person.language]
    return {
        "purpose": "complaint",
        "sender": person.sender,
        "text": texts[number % len(texts)],
        "language": person.language,
        "zone": person.zone,
    }


def outside_event(person: Person, number: int) -> Json:
    """The same complaint as a channel of somebody else writes it to Kafka (CloudEvents, structured mode)."""
    message_id = str(uuid4())
    now = clock.now().isoformat()
    body = report(person, number)
    return {
        "specversion": "1.0",
        "id": message_id,
        "source": f"/channels/{SHOP}",
        "type": "channel-message-received",
        "time": now,
        "partitionkey": message_id,
        "data": {**body, "message_id": message_id, "channel": SHOP, "medium": "kafka", "received_at": now},
    }


async def complain(desk: Desk, person: Person, number: int) -> str:
    """Posts the complaint; returns the message's id."""
    return str((await desk.channel(WEB, "POST", "/channel-messages", report(person, number)))["id"])


async def run_course(
    desk: Desk, person: Person, channel: str, message_id: str, answers: Sequence[dict[str, str]]
) -> None:
    """Acknowledged, resolved as often as it takes, asked each time; closed after the last answer."""
    ticket = await ticket_of(desk, channel, message_id)
    count = 1
    await desk.received(person, count)
    await accept(desk, ticket)
    for position, words in enumerate(answers):
        await resolve(desk, ticket, again=position)
        count += 1
        question = (await desk.received(person, count))[-1]
        await desk.answer(person, question, words[person.language])
        await reach(desk, ticket, "closed" if position == len(answers) - 1 else "investigating", "reopened")


async def run_until_resolved(desk: Desk, person: Person, message_id: str) -> None:
    """Acknowledged and resolved; whether and when the question comes is the quiet hours' to say."""
    ticket = await ticket_of(desk, WEB, message_id)
    await desk.received(person, 1)
    await accept(desk, ticket)
    await resolve(desk, ticket, again=0)


async def run_invalid(desk: Desk, person: Person, message_id: str) -> None:
    """Not valid: explained politely, closed (CP-02)."""
    ticket = await ticket_of(desk, WEB, message_id)
    await desk.received(person, 1)
    body = {"valid": False, "reason": "Not one of our products."}
    await desk.staff("supervisor", "complaints", "POST", f"/tickets/{ticket}/judge", body)
    told = {"explanation": "We explained whom to ask."}
    await desk.staff("supervisor", "complaints", "POST", f"/tickets/{ticket}/explain", told)
    await desk.staff("supervisor", "complaints", "POST", f"/tickets/{ticket}/close", {"reason": "explained"})
    await desk.received(person, 2)


async def ticket_of(desk: Desk, channel: str, message_id: str) -> UUID:
    """The ticket that a channel's message became, once it has its number."""

    async def numbered() -> str | None:
        try:
            number: str | None = (await desk.channel(channel, "GET", f"/channel-messages/{message_id}"))[
                "ticket_number"
            ]
        except NotThere:  # what came over Kafka is known once intake's consumer has read it
            return None
        return number

    number = await until("a ticket number", numbered)
    page = await desk.staff("supervisor", "complaints", "GET", f"/tickets?number={number}")
    return UUID(page["tickets"][0]["id"])


async def accept(desk: Desk, ticket: UUID) -> None:
    """Found valid and assigned."""
    await desk.staff("supervisor", "complaints", "POST", f"/tickets/{ticket}/judge", {"valid": True})
    await desk.staff("supervisor", "complaints", "POST", f"/tickets/{ticket}/assign", {})


async def resolve(desk: Desk, ticket: UUID, *, again: int) -> None:
    """Investigated and resolved; `again`: how often it was reopened before."""
    # From the second reopening on, quality or the department's head decides how to go on.
    who = "quality" if again > 1 else "supervisor"
    path = f"/tickets/{ticket}"
    await desk.staff(who, "complaints", "POST", f"{path}/investigate", {"findings": "Cause found."})
    await desk.staff("supervisor", "complaints", "POST", f"{path}/resolve", {"reason": "Mended on the spot."})


async def reach(desk: Desk, ticket: UUID, *wanted: str) -> None:
    """Waits until the ticket is in one of these states."""

    async def there() -> bool | None:
        found = await desk.staff("supervisor", "complaints", "GET", f"/tickets/{ticket}")
        return found["state"] in wanted or None

    await until(f"a ticket {' or '.join(wanted)}", there)
