"""Staff tokens: who may pass, and every way in which a token can be wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.kernel import clock
from shared.kernel.errors import Refused
from shared.kernel.ids import new_id
from shared.security.tokens import LIFETIME, SigningKey, new_signing_key, sign, verify
from shared.store.cause import Cause
from shared.store.database import Database
from tests.store.web.staff import put_copy

STAFF = new_id()


@dataclass
class Gate:
    """A service that knows one signing key."""

    database: Database
    key: SigningKey

    async def check(self, token: str, at: datetime | None = None) -> UUID:
        async with self.database.transaction(Cause.of_person()) as uow:
            uow.now = at or uow.now
            return await verify(uow, token)

    def forge(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token signed with the right key, with other claims or header values."""
        now = int(clock.now().timestamp())
        whole = {"iss": "frontdesk", "sub": str(STAFF), "iat": now, "nbf": now, "exp": now + 600, **claims}
        pair = {"kty": "OKP", "crv": "Ed25519", "x": self.key.public_key, "d": self.key.private_key}
        kept = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(
            {"alg": "Ed25519", "kid": self.key.key_id, **(header or {})},
            kept,
            OKPKey.import_key(pair),
            ["Ed25519", "EdDSA"],
        )


@pytest.fixture
async def gate(database_of: Callable[[str], str]) -> AsyncIterator[Gate]:
    made = Gate(Database(database_of("complaints"), "complaints"), new_signing_key())
    async with made.database.transaction(Cause.of_person()) as uow:
        await put_copy(
            uow,
            SigningKeyPublished(
                key_id=made.key.key_id, public_key=made.key.public_key, not_after=uow.now + timedelta(days=1)
            ),
        )
    yield made
    await made.database.close()


async def _refusal(gate: Gate, token: str, at: datetime | None = None) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        await gate.check(token, at)
    return refused.value.status, refused.value.code


async def test_given_a_fresh_token_then_it_names_its_bearer(gate: Gate) -> None:
    signed = sign(STAFF, gate.key, clock.now())
    assert await gate.check(signed.token) == STAFF
    assert signed.expires_at - clock.now() <= LIFETIME


async def test_given_ten_minutes_have_passed_then_it_has_expired(gate: Gate) -> None:
    signed = sign(STAFF, gate.key, clock.now())
    assert await gate.check(signed.token, signed.expires_at - timedelta(seconds=1)) == STAFF
    assert await _refusal(gate, signed.token, signed.expires_at) == (401, "token-expired")


async def test_given_a_signer_far_ahead_of_our_clock_then_it_is_not_valid_yet(gate: Gate) -> None:
    signed = sign(STAFF, gate.key, clock.now())
    assert await gate.check(signed.token, clock.now() - timedelta(seconds=20)) == STAFF
    assert await _refusal(gate, signed.token, clock.now() - timedelta(minutes=2)) == (401, "token-invalid")


async def test_given_the_key_has_ended_then_its_tokens_have_too(gate: Gate) -> None:
    later = clock.now() + timedelta(days=2)
    assert await _refusal(gate, sign(STAFF, gate.key, later).token, later) == (401, "token-expired")


async def test_given_another_signer_then_401(gate: Gate) -> None:
    stranger = new_signing_key()
    assert await _refusal(gate, sign(STAFF, stranger, clock.now()).token) == (401, "token-invalid")
    posing = SigningKey(gate.key.key_id, stranger.public_key, stranger.private_key)
    assert await _refusal(gate, sign(STAFF, posing, clock.now()).token) == (401, "token-invalid")


async def test_given_no_key_has_arrived_here_then_503_and_not_401(database_of: Callable[[str], str]) -> None:
    database = Database(database_of("complaints"), "complaints")
    gate = Gate(database, new_signing_key())
    assert await _refusal(gate, sign(STAFF, gate.key, clock.now()).token) == (503, "signing-keys-missing")
    await database.close()


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"sub": "root"},
        {"sub": None},
        {"sub": 7},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 2**60},
        {"iat": None},
        {"iat": True},
        {"nbf": 2**40},
    ],
)
async def test_given_claims_that_we_never_sign_then_401(gate: Gate, claims: dict[str, Any]) -> None:
    assert await _refusal(gate, gate.forge(**claims)) == (401, "token-invalid")


async def test_given_another_algorithm_then_401_whatever_the_signature(gate: Gate) -> None:
    now = int(clock.now().timestamp())
    claims = {"iss": "frontdesk", "sub": str(STAFF), "iat": now, "nbf": now, "exp": now + 60}
    header = {"kid": gate.key.key_id}
    confused = jwt.encode({"alg": "HS256", **header}, claims, OctKey.import_key(gate.key.public_key), ["HS256"])
    unsigned = ".".join((_part({"alg": "none", **header}), _part(claims), ""))
    for token in (confused, unsigned, gate.forge({"alg": "EdDSA"})):
        assert await _refusal(gate, token) == (401, "token-invalid")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "a.b.c",
        "..",
        "é.b.c",
        "x" * 5000,
        base64.urlsafe_b64encode(b"[" * 1100).decode().rstrip("=") + ".e30.e30",
        base64.urlsafe_b64encode(b'{"alg":"Ed25519","kid":7}').decode().rstrip("=") + ".e30.e30",
        base64.urlsafe_b64encode(b'{"alg":"Ed25519","kid":"\\u0000"}').decode().rstrip("=") + ".e30.e30",
        base64.urlsafe_b64encode(b'{"alg":"Ed25519"}').decode().rstrip("=") + ".e30.e30",
    ],
)
async def test_given_no_token_at_all_then_401(gate: Gate, token: str) -> None:
    assert await _refusal(gate, token) == (401, "token-invalid")


async def test_given_a_changed_payload_then_401(gate: Gate) -> None:
    header, _, signature = sign(STAFF, gate.key, clock.now()).token.split(".")
    now = int(clock.now().timestamp())
    other = _part({"iss": "frontdesk", "sub": str(new_id()), "iat": now, "nbf": now, "exp": now + 60})
    assert await _refusal(gate, f"{header}.{other}.{signature}") == (401, "token-invalid")


def test_a_token_lives_ten_minutes_at_most_and_a_key_shows_no_secret() -> None:
    key = new_signing_key()
    with pytest.raises(ValueError, match="ten minutes"):
        sign(STAFF, key, clock.now(), LIFETIME + timedelta(seconds=1))
    assert key.private_key not in repr(key)


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
