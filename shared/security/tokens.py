"""Staff tokens: short-lived, signed with Ed25519 (RFC 8037, `alg` as RFC 9864 names it), and identify only.

intake signs; every service checks against the public keys in its copy of `signing-keys`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.kernel.errors import Refused
from shared.kernel.ids import new_id
from shared.messaging import copies
from shared.store.unit_of_work import UnitOfWork

LIFETIME = timedelta(minutes=10)
SKEW = timedelta(seconds=30)
"""How far the signer's clock may be ahead of ours."""

_ALGORITHM = "Ed25519"
_ISSUER = "frontdesk"
_MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of intake. `private_key` is the `d` of the JWK and is a secret: never logged, never published."""

    key_id: str
    public_key: str
    private_key: str

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"


@dataclass(frozen=True, slots=True)
class Signed:
    """A fresh token and when it ends."""

    token: str
    expires_at: datetime


def new_signing_key() -> SigningKey:
    """A fresh pair under a fresh id."""
    pair = OKPKey.generate_key("Ed25519").as_dict(private=True)
    return SigningKey(str(new_id()), str(pair["x"]), str(pair["d"]))


def sign(staff_id: UUID, key: SigningKey, now: datetime, lifetime: timedelta = LIFETIME) -> Signed:
    """A token for `staff_id`, valid from `now` for at most ten minutes. Raises ValueError beyond that."""
    if not timedelta(0) < lifetime <= LIFETIME:
        raise ValueError("a staff token lives at most ten minutes")
    issued = int(now.timestamp())
    expires = issued + int(lifetime.total_seconds())
    claims = {"iss": _ISSUER, "sub": str(staff_id), "iat": issued, "nbf": issued, "exp": expires}
    token = jwt.encode(
        {"alg": _ALGORITHM, "kid": key.key_id}, claims, _jwk(key.public_key, key.private_key), [_ALGORITHM]
    )
    return Signed(token, now.fromtimestamp(expires, now.tzinfo))


async def verify(uow: UnitOfWork, token: str) -> UUID:
    """The staff id in `token`, checked against the keys that this service knows.

    Raises Refused: `token-expired` and `token-invalid` with 401 (unknown key, wrong algorithm, not yet valid …),
    `signing-keys-missing` with 503 while no key has arrived here.
    """
    key_id, claimed = _said(token)
    # Both in one statement; whether the token says the truth is looked at afterwards.
    await copies.gather(uow, [("signing-keys", key_id), ("staff", claimed)])
    key = await _key(uow, key_id)
    try:
        claims = jwt.decode(token, _jwk(key.public_key), [_ALGORITHM]).claims
    except (JoseError, ValueError, RecursionError):
        raise _invalid() from None
    return _check(claims, key, uow.now)


def _check(claims: dict[str, Any], key: SigningKeyPublished, now: datetime) -> UUID:
    issued, not_before, expires = (_instant(claims, name) for name in ("iat", "nbf", "exp"))
    at = now.timestamp()
    if claims.get("iss") != _ISSUER or expires - issued > LIFETIME.total_seconds():
        raise _invalid()
    if max(issued, not_before) > at + SKEW.total_seconds():
        raise _invalid()
    if at >= min(expires, key.not_after.timestamp()):
        raise Refused("token-expired", status=401)
    try:
        return UUID(claims["sub"])
    except (KeyError, ValueError, AttributeError, TypeError):
        raise _invalid() from None


def _instant(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int:
        raise _invalid()
    return value


async def _key(uow: UnitOfWork, key_id: str) -> SigningKeyPublished:
    body = await copies.get(uow, "signing-keys", key_id)
    if body is not None:
        return SigningKeyPublished.model_validate(body)
    if not await copies.find(uow, "signing-keys"):
        raise Refused("signing-keys-missing", status=503)
    raise _invalid()


def _said(token: str) -> tuple[str, str]:
    """The `kid` of the protected header and the `sub`, before anything is trusted."""
    if len(token) > _MAX_LENGTH:
        raise _invalid()
    try:
        parts = jws.extract_compact(token.encode())
        key_id, claims = parts.headers().get("kid"), orjson.loads(parts.payload)
    except (JoseError, ValueError, RecursionError):  # a header nested a thousand deep
        raise _invalid() from None
    if not isinstance(key_id, str) or len(key_id) > 64 or "\x00" in key_id or not isinstance(claims, dict):
        raise _invalid()
    return key_id, str(claims.get("sub"))[:64].replace("\x00", "")


def _jwk(public_key: str, private_key: str | None = None) -> OKPKey:
    pair: dict[str, str | list[str]] = {"kty": "OKP", "crv": "Ed25519", "x": public_key}
    if private_key is not None:
        pair["d"] = private_key
    return OKPKey.import_key(pair)


def _invalid() -> Refused:
    return Refused("token-invalid", status=401)
