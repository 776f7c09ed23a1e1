"""DKIM: whether the From address's own domain signed this mail (RFC 6376; alignment as in RFC 7489 §3.1.1, strict)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.message import EmailMessage

import dkim

from services.notify.receiver.headers import headers
from services.notify.receiver.parsing import from_address
from services.notify.receiver.quiet import silence
from shared.telemetry import logs

log = logs.logger(__name__)

LookUp = Callable[[str, float], bytes | None]
"""TXT record of a name, blocking for at most the given seconds; None where there is none."""

_MAX_SIGNATURES = 5

_SILENT = silence("dkimpy")


def look_up_dns(name: str, timeout: float) -> bytes | None:
    """The TXT record in the DNS."""
    from dkim.dnsplug import get_txt

    record = get_txt(name.encode("idna") if not name.isascii() else name.encode("ascii"), timeout=timeout)
    return record if isinstance(record, bytes) else record.encode() if record else None


class Alignment:
    """Checks signatures in a thread, a few at once, each bounded in time. What cannot be checked is not aligned."""

    def __init__(self, look_up: LookUp, *, timeout: float = 5.0, at_once: int = 8) -> None:
        self._look_up = look_up
        self._timeout = timeout
        self._room = asyncio.Semaphore(at_once)

    async def aligned(self, octets: bytes, message: EmailMessage) -> bool:
        """True only for a valid signature over From by exactly the From address's domain."""
        domain = from_address(message).rpartition("@")[2]
        signatures = len(headers(message, "DKIM-Signature"))
        if not domain or not signatures:
            return False
        try:
            async with asyncio.timeout(self._timeout), self._room:
                return await asyncio.to_thread(self._verify, octets, domain, min(signatures, _MAX_SIGNATURES))
        except TimeoutError:
            log.warning("receiver.dkim_unchecked", error="TimeoutError")
            return False

    def _verify(self, octets: bytes, domain: str, signatures: int) -> bool:
        return any(self._is_signed_by(octets, domain, position) for position in range(signatures))

    def _is_signed_by(self, octets: bytes, domain: str, position: int) -> bool:
        try:
            verifier = dkim.DKIM(octets, logger=_SILENT, timeout=self._timeout)
            valid = verifier.verify(idx=position, dnsfunc=self._answer)
            signed_by = verifier.domain.decode("ascii").lower() if verifier.domain else ""
            covered = b"l" not in verifier.signature_fields
        except Exception as error:  # noqa: BLE001 - dkimpy raises many kinds on hostile input; each: "not verified"
            # Its class only: the text may quote the mail.
            log.warning("receiver.dkim_unchecked", error=type(error).__name__)
            return False
        return bool(valid) and covered and signed_by == domain

    def _answer(self, name: bytes | str, timeout: float = 5) -> bytes | None:
        text = name.decode("ascii") if isinstance(name, bytes) else name
        return self._look_up(text.rstrip("."), min(timeout, self._timeout))
