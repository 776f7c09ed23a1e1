"""Links for people who do not sign in: whoever holds one acts on that one thing, and on nothing else.

The id and 96 bits of HMAC-SHA256 (RFC 2104) over purpose and id, in one word of 38 characters, short enough for an SMS.
It can be made again by every service that knows the secret, and is kept nowhere.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

_ID_BYTES = 16
_MAC_BYTES = 12
_PASS_LENGTH = 38


@dataclass(frozen=True, slots=True)
class GuestPass:
    """What passes of one purpose open, and under which path."""

    purpose: str
    path: str

    def link(self, secret: bytes, subject: UUID) -> str:
        """The path that opens `subject`."""
        return self.path + self._word(secret, subject)

    def subject(self, secret: bytes, word: str) -> UUID | None:
        """What the last part of such a path opens; None for one that we did not make."""
        try:
            sealed = urlsafe_b64decode(word + "==") if len(word) == _PASS_LENGTH else b""
        except (binascii.Error, ValueError):
            return None
        if len(sealed) < _ID_BYTES:
            return None
        subject = UUID(bytes=sealed[:_ID_BYTES])
        return subject if hmac.compare_digest(word.encode(), self._word(secret, subject).encode()) else None

    def _word(self, secret: bytes, subject: UUID) -> str:
        said = f"guest-pass:{self.purpose}:".encode() + subject.bytes
        sealed = subject.bytes + hmac.digest(secret, said, "sha256")[:_MAC_BYTES]
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()


APPOINTMENT = GuestPass("appointment", "/a/")
"""Opens one appointment: to look at, to move, to cancel."""
