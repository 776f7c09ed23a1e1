"""A mail that came in, as plain values. Everything in it was written by a stranger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

ReportState = Literal["delivered", "relayed", "delayed", "failed"]


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a mail server says became of a mail (RFC 3464), or what flufl.bounce reads from an unstructured bounce."""

    message_id: UUID | None
    """Our message, from ENVID or the returned `Message-ID`; None where the report names none of ours."""
    state: ReportState
    permanent: bool
    """Only for `failed`: the address will never take mail."""
    code: str
    """Enhanced status such as `5.1.1`, or empty."""
    recipients: tuple[str, ...]
    """Addresses the report is about, lower case. Personal data."""


Bounce = DeliveryReport
"""A report whose state is `failed`."""


@dataclass(frozen=True, slots=True)
class InboundMail:
    """One stored-or-refused mail. All text fields are bounded in length and free of NUL and control characters."""

    message_id: str | None
    """Theirs, with angle brackets."""
    from_address: str
    """Header From, lower case; empty where there is none that can be read."""
    to_address: str
    """The envelope recipient of ours that it came to, lower case."""
    token: str | None
    """From `reply+token@domain`, as it was written, case kept."""
    in_reply_to: str | None
    references: tuple[str, ...]
    subject: str
    text: str
    """What the person wrote, without quoted history and signature mark; plain text."""
    auto: bool
    """Sent by a machine: out of office, receipt, report (RFC 3834). Never answered."""
    bulk: bool
    """List, newsletter or other mass mail. Never answered."""
    report: DeliveryReport | None
    dkim_aligned: bool
    """A valid DKIM signature of the From address's own domain. False also where it could not be checked in time."""
    received_at: datetime

    @property
    def bounce(self) -> Bounce | None:
        """The report where it says that a mail of ours failed."""
        return self.report if self.report is not None and self.report.state == "failed" else None

    @property
    def answered(self) -> tuple[UUID, ...]:
        """Messages of ours that this one says it answers, nearest first; from In-Reply-To and References."""
        named = [self.in_reply_to, *reversed(self.references)]
        ids = [our_message_id(each) for each in named if each]
        return tuple(dict.fromkeys(each for each in ids if each is not None))


OnMail = Callable[[InboundMail], Awaitable[None]]
"""Stores the mail. The sending server hears 250 only after it returned, and 451 when it raises. A mail may come
again with the same Message-ID (its sender missed our 250): storing it twice must change nothing."""


def our_message_id(header: str) -> UUID | None:
    """The id in `<uuid@domain>`, or None where it is nobody's of ours."""
    local = header.strip().removeprefix("<").partition("@")[0]
    try:
        return UUID(local) if len(local) == 36 else None
    except ValueError:
        return None
