"""Sign-in: e-mail and password for a staff token. Unknown, wrong and left answer alike, in the same time; who knows the
password is told that the account is locked, or its owner absent.
"""

from __future__ import annotations

import asyncio
import hashlib
from weakref import WeakKeyDictionary

from services.intake.attempts import store as attempts
from services.intake.attempts.model import network_of
from services.intake.directory import account_store, signing, store
from services.intake.settings import IntakeSettings
from shared.kernel.errors import NotFound, Refused
from shared.security import tokens
from shared.security.caller import barred
from shared.security.passwords import hash_password, new_password, password_matches
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork

_AT_ONCE = 2
"""Each check takes 64 MiB and a core for some 50 ms; more at once would starve everything else in the process."""

_checks: WeakKeyDictionary[Database, asyncio.Semaphore] = WeakKeyDictionary()


async def sign_in(
    database: Database, chosen: IntakeSettings, *, email: str, password: str, client: str, cause: Cause
) -> tokens.Signed:
    """A token for whoever knows the password of `email`; `client` is the caller's IP address.

    The attempt is counted and committed before the password is looked at, so that parallel guesses count too; no
    transaction is open while argon2 works. Raises Refused: `sign-in`, `account-locked`, `account-absent` (401),
    `too-many-attempts` (429).
    """
    account_scope, network_scope = _scopes(email, client)
    async with database.transaction(cause) as uow:
        counts = [
            (await attempts.count(uow, scope, uow.now + chosen.sign_in_window), allowed)
            for scope, allowed in (
                (account_scope, chosen.sign_in_per_account),
                (network_scope, chosen.sign_in_per_network),
            )
        ]
        await attempts.purge(uow)
        account = await account_store.get_account(uow, email)
        member = None if account is None else await store.get_member(uow, account.staff_id)
        now = uow.now
    waits = [(until - now).total_seconds() for (tried, until), allowed in counts if tried > allowed]
    if waits:
        raise Refused("too-many-attempts", status=429, expected=f"another attempt in {int(max(waits)) + 1} s")
    async with _checks.setdefault(database, asyncio.Semaphore(_AT_ONCE)):
        matches = await password_matches(password, account.password_hash if account else None)
    if account is None or member is None or not matches or not member.active:
        raise Refused("sign-in", status=401)
    if reason := barred(member.event(), now):
        raise Refused(reason, status=401)
    async with database.transaction(cause) as uow:
        await attempts.forget(uow, account_scope)
        await attempts.forgive(uow, network_scope)
        key = await signing.current_key(uow, chosen)
        uow.audit(account.staff_id, "sign-in", "staff", account.staff_id)
        return tokens.sign(account.staff_id, key, uow.now, chosen.token_life)


async def token_for(uow: UnitOfWork, chosen: IntakeSettings, email: str) -> tokens.Signed:
    """A token without a password, for whoever operates the installation; recorded.

    Raises NotFound, Refused (`account-locked`, `account-absent`).
    """
    member = await store.by_email(uow, email.strip().lower())
    if member is None or not member.active:
        raise NotFound("staff")
    if reason := barred(member.event(), uow.now):
        raise Refused(reason, status=401)
    uow.audit("operator", "token", "staff", member.id)
    return tokens.sign(member.id, await signing.current_key(uow, chosen), uow.now, chosen.token_life)


async def new_account(uow: UnitOfWork, email: str, *, by: str) -> str:
    """Opens somebody's account, or gives it a new password; returns the password. Raises NotFound."""
    member = await store.by_email(uow, email.strip().lower())
    if member is None or not member.active:
        raise NotFound("staff")
    password = new_password()
    await account_store.save_account(uow, member.id, await hash_password(password))
    uow.audit(by, "new-password", "staff", member.id)
    return password


def _scopes(email: str, client: str) -> tuple[str, str]:
    """What attempts are counted by; the account as a hash, because the e-mail address may be a stranger's."""
    account = hashlib.sha256(email.encode()).hexdigest()
    return f"account:{account}", f"network:{network_of(client)}"
