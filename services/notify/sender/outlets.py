"""The providers of one sender process: built from settings, and bounded in calls at a time and a second."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from services.notify.providers.result import Channel, OnInbound, OnReceipt, Outbound, Provider, SendResult
from services.notify.providers.smpp.provider import SmppProvider, SmppSettings
from services.notify.providers.smtp import SmtpProvider, SmtpSettings
from services.notify.settings import NotifySettings
from shared.kernel import clock


class Outlet:
    """A channel's way out: turns over one or more connections of a provider."""

    def __init__(self, name: str, providers: Sequence[Provider], *, concurrency: int, rate: float) -> None:
        self.name = name
        self.channel: Channel = providers[0].channel
        self.concurrency = concurrency
        self._providers = providers
        self._turn = itertools.cycle(providers)
        self._pause = 1 / rate
        self._next = clock.monotonic()

    async def send(self, message: Outbound) -> SendResult:
        """Sends in turn over the connections, no faster than the rate. Never raises for what the other side does."""
        now = clock.monotonic()
        self._next = max(self._next + self._pause, now)
        await asyncio.sleep(self._next - now)
        return await next(self._turn).send(message)

    async def close(self) -> None:
        """Says goodbye on every connection."""
        await asyncio.gather(*(provider.close() for provider in self._providers))


async def open_outlets(
    settings: NotifySettings, on_receipt: OnReceipt, on_inbound: OnInbound
) -> tuple[SmppProvider, list[Outlet]]:
    """The SMSC's bind, which also brings receipts and inbound SMS, and every outlet over it and the SMTP relay."""
    smpp = SmppProvider(
        SmppSettings(
            settings.smpp_host,
            settings.smpp_port,
            settings.smpp_system_id,
            settings.smpp_password.get_secret_value(),
        ),
        on_receipt,
        on_inbound,
    )
    await smpp.start()
    mail = SmtpSettings(
        settings.smtp_host,
        settings.smtp_port,
        settings.mail_domain,
        settings.mail_from,
        from_name=settings.company,
        username=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        encryption="starttls" if settings.smtp_tls else "none",
    )
    connections = [SmtpProvider(mail) for _ in range(settings.smtp_connections)]
    limits = {"concurrency": settings.sender_concurrency, "rate": settings.sender_rate}
    return smpp, [Outlet("smpp", [smpp], **limits), Outlet("smtp", connections, **limits)]  # type: ignore[arg-type]
