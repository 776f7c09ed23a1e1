"""Passwords: hashed with argon2id (RFC 9106), checked in constant work, never logged."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_LENGTH = 256
"""Longer ones are refused before hashing: they would only cost time."""

_hasher = PasswordHasher()


async def hash_password(password: str) -> str:
    """The argon2id hash with its salt and parameters. Takes some 50 ms in a thread. Raises ValueError if too long."""
    if len(password) > MAX_LENGTH:
        raise ValueError(f"a password has at most {MAX_LENGTH} characters")
    return await asyncio.to_thread(_hasher.hash, password)


async def password_matches(password: str, hashed: str | None) -> bool:
    """Whether `password` is the one that was hashed.

    Pass None for an unknown account: the work is the same, so that nobody learns from the time who works here.
    """
    known = hashed is not None
    matches = await asyncio.to_thread(_verify, password[:MAX_LENGTH], hashed or _nobody())
    return known and matches and len(password) <= MAX_LENGTH


def needs_new_hash(hashed: str) -> bool:
    """Whether `hashed` was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


def new_password() -> str:
    """A random password of 120 bits that can be typed."""
    return secrets.token_urlsafe(15)


def _verify(password: str, hashed: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(15))
