"""Receipts find their message when they come, or when their message's answer comes after them."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.trace import SpanKind

from services.notify.attempts import store as attempts
from services.notify.attempts.store import Part
from services.notify.messages import store as messages
from services.notify.messages.commands import cause_of
from services.notify.messages.model import MESSAGE, Message
from services.notify.outcomes.commands import settle
from services.notify.providers.result import Channel, Receipt, receipt_key, receipt_keys
from services.notify.receipts import store
from services.notify.receipts.store import StoredReceipt
from services.notify.receiver.mail import DeliveryReport
from services.notify.settings import NotifySettings
from shared.kernel.ids import address_id
from shared.store.unit_of_work import UnitOfWork
from shared.telemetry.tracing import start_from

_FAILED = frozenset({"failed", "expired"})


async def receive(uow: UnitOfWork, channel: Channel, receipt: Receipt, settings: NotifySettings) -> None:
    """Stores a receipt and applies it; one that comes before its message's answer waits, a second changes nothing."""
    await attempts.lock_ids(uow, (receipt.provider_id,))
    secret = settings.address_secret.get_secret_value().encode()
    recipient = address_id(secret, "phone", receipt.recipient) if receipt.recipient else None
    stored = await store.add(uow, channel, receipt.provider_id, recipient, receipt.state, receipt.code, receipt.at)
    if stored is not None:
        await _apply(uow, channel, stored, settings)


async def match_early(uow: UnitOfWork, channel: Channel, provider_ids: Iterable[str], settings: NotifySettings) -> None:
    """Applies receipts that came before the answers that named these ids."""
    keys = {key for provider_id in provider_ids for key in receipt_keys(provider_id)}
    for stored in await store.waiting(uow, channel, sorted(keys)) if keys else ():
        await _apply(uow, channel, stored, settings)


async def report(uow: UnitOfWork, said: DeliveryReport, settings: NotifySettings) -> None:
    """Applies a mail server's delivery report. It names our own message id, so that it is never too early."""
    message = None if said.message_id is None else await messages.get(uow, said.message_id, lock=True)
    if message is None or message.channel != "email":
        return
    stored = await store.add(uow, "email", str(message.id), message.address_id, said.state, said.code, uow.now)
    if stored is not None:
        await store.matched(uow, stored.id, message.id)
    command = {"delivered": "deliver", "failed": "undeliver"}.get(said.state)
    await _conclude(uow, message, command, f"dsn-{said.code or 'failed'}", settings)


async def _apply(uow: UnitOfWork, channel: Channel, stored: StoredReceipt, settings: NotifySettings) -> None:
    for part in await attempts.parts_named(uow, channel, receipt_keys(stored.provider_id)):
        message = await messages.get(uow, part.message_id, lock=True)
        assert message is not None
        # An id in another spelling is a guess: only the recipient makes it sure.
        if part.key == receipt_key(stored.provider_id) or stored.address_id == message.address_id:
            await store.matched(uow, stored.id, message.id)
            await _told_of(uow, message, part, stored, settings)
            return


async def _told_of(
    uow: UnitOfWork, message: Message, part: Part, stored: StoredReceipt, settings: NotifySettings
) -> None:
    states = await attempts.mark_part(uow, part, stored.state)
    command = _command(states)
    await _conclude(uow, message, command, f"receipt-{stored.code or stored.state}", settings)


async def _conclude(
    uow: UnitOfWork, message: Message, command: str | None, reason: str, settings: NotifySettings
) -> None:
    """Takes the step that the evidence asks for, where the message's state can still change by it."""
    if command is None or command not in MESSAGE.allowed(message.state):
        return
    uow.cause = cause_of(message)
    attributes: dict[str, str | int | None] = {"frontdesk.channel": message.channel, "frontdesk.outcome": command}
    with start_from(message.traceparent, f"receipt {message.channel}", SpanKind.CONSUMER, attributes):
        await settle(uow, message, command, settings, reason=reason if command == "undeliver" else None)


def _command(parts: set[str | None]) -> str | None:
    """A message has arrived when each of its parts has, and has failed when any has."""
    if parts & _FAILED:
        return "undeliver"
    return "deliver" if parts == {"delivered"} else None
