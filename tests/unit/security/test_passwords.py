"""Passwords are hashed with argon2id and compared without telling who exists."""

from __future__ import annotations

import pytest

from shared.security.passwords import MAX_LENGTH, hash_password, needs_new_hash, new_password, password_matches


async def test_given_the_right_password_then_it_matches_and_no_other_does() -> None:
    password = new_password()
    hashed = await hash_password(password)
    assert hashed.startswith("$argon2id$")
    assert password not in hashed
    assert await password_matches(password, hashed)
    assert not await password_matches(password + "x", hashed)
    assert not needs_new_hash(hashed)


async def test_given_no_account_then_nothing_matches() -> None:
    assert not await password_matches("anything", None)
    assert not await password_matches("anything", "no hash at all")


async def test_given_a_password_without_end_then_it_is_refused_and_never_matches_by_its_beginning() -> None:
    hashed = await hash_password("x" * MAX_LENGTH)
    assert not await password_matches("x" * (MAX_LENGTH + 1), hashed)
    with pytest.raises(ValueError, match="at most"):
        await hash_password("x" * (MAX_LENGTH + 1))
