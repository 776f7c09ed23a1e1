"""signing-key-published: a public key that checks staff tokens (RFC 8037, EdDSA)."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from shared.contracts.event import Event
from shared.contracts.topics import SIGNING_KEYS


class SigningKeyPublished(Event, type="signing-key-published", topic=SIGNING_KEYS, key="key_id"):
    """A public key that checks staff tokens (RFC 8037, EdDSA)."""

    key_id: str = Field(max_length=64)
    public_key: str = Field(max_length=64)
    """The `x` of the Ed25519 JWK, base64url."""
    not_after: AwareDatetime
    """No token signed with this key is valid later."""
