"""The sender role: due messages go out, receipts and inbound SMS come in over the same bind. Several may run."""

from __future__ import annotations

import asyncio

from services.notify.inbound import commands as inbound
from services.notify.providers.result import InboundSms, Receipt
from services.notify.receipts import commands as receipts
from services.notify.sender.delivery import Delivery
from services.notify.sender.outlets import open_outlets
from services.notify.sender.upkeep import Upkeep
from services.notify.settings import settings as notify_settings
from shared.kernel.ids import new_id
from shared.runtime.service import RoleContext
from shared.store.cause import Cause
from shared.telemetry import metrics, spans


async def run(context: RoleContext) -> None:
    """Works until `context.stopping` is set, finishes the calls in flight, unbinds and leaves."""
    settings = notify_settings()
    sender_id = new_id()

    async def on_receipt(receipt: Receipt) -> None:
        async with context.database.transaction(Cause.of_person()) as uow:
            await receipts.receive(uow, "sms", receipt, settings)
        metrics.RECEIPTS.add(provider="smpp", outcome=receipt.state)

    async def on_inbound(sms: InboundSms) -> None:
        # The centre hears that we have it only after this transaction; it brings the message again when it fails.
        with spans.answered("sms", "smpp", "message"):
            async with context.database.transaction(Cause.of_person()) as uow:
                kind = await inbound.receive_sms(uow, sms, settings)
        metrics.RECEIVED.add(channel="sms", outcome=kind or "duplicate")

    smpp, outlets = await open_outlets(settings, on_receipt, on_inbound)
    deliveries = {outlet.channel: Delivery(context, outlet, sender_id, settings) for outlet in outlets}
    upkeep = Upkeep(context, smpp, deliveries, sender_id, settings)
    await upkeep.say_alive()
    try:
        async with asyncio.TaskGroup() as group:
            for delivery in deliveries.values():
                group.create_task(delivery.run())
            group.create_task(upkeep.run())
        # Only now: until here, upkeep may still have begun a repeat.
        await asyncio.gather(*(delivery.drain() for delivery in deliveries.values()))
    finally:
        await asyncio.gather(*(outlet.close() for outlet in outlets))
    await upkeep.say_goodbye()
