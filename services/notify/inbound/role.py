"""The receiver role: an SMTP listener for replies, delivery reports and letters out of the blue."""

from __future__ import annotations

from services.notify.inbound import commands
from services.notify.receiver.listener import MailReceiver, ReceiverSettings
from services.notify.receiver.mail import InboundMail
from services.notify.settings import settings as notify_settings
from shared.runtime.service import RoleContext
from shared.store.cause import Cause
from shared.telemetry import metrics, spans


async def run(context: RoleContext) -> None:
    """Listens until `context.stopping` is set, then lets mails in transfer end. Raises OSError: the port is taken."""
    settings = notify_settings()

    async def on_mail(mail: InboundMail) -> None:
        # The sending server hears "250" only after this transaction; it brings the mail again when it fails.
        with spans.answered("email", "smtp", "report" if mail.report else "mail"):
            async with context.database.transaction(Cause.of_person()) as uow:
                kind = await commands.receive_mail(uow, mail, settings)
        metrics.RECEIVED.add(channel="email", outcome=kind or "duplicate")

    receiver = MailReceiver(
        ReceiverSettings(settings.receiver_port, settings.mail_domain, host=settings.receiver_host), on_mail
    )
    await receiver.start()
    context.health.ready()
    try:
        await context.stopping.wait()
    finally:
        await receiver.stop()
