"""Reply addresses: made from a secret, so that nobody can guess one and rendering again gives the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

_LOCAL = "reply+"


def reply_token(secret: bytes, message_id: UUID) -> str:
    """The token of a question's reply address: 130 bits of HMAC-SHA256, in lower-case base32.

    Base32, because mail servers may change the case of a local part.
    """
    digest = hmac.new(secret, f"{message_id}:reply".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:26]


def reply_address(token: str, domain: str) -> str:
    """`reply+token@domain`."""
    return f"{_LOCAL}{token}@{domain}"


def token_key(token: str) -> str:
    """What a thread stores of a token: its hash, so that the table opens no thread to who reads it."""
    return hashlib.sha256(token.lower().encode()).hexdigest()[:32]
