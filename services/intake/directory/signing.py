"""Signing keys of staff tokens: made, kept encrypted, published before they sign, and replaced in time."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet
from pydantic import SecretStr

from services.intake.directory import account_store as store
from services.intake.directory.model import StoredKey, choose_key
from services.intake.settings import IntakeSettings, settings
from shared.kernel.errors import Refused
from shared.messaging.reactions import Timer
from shared.security import tokens
from shared.store.unit_of_work import UnitOfWork

ROTATE = "rotate-signing-key"


async def ensure_key(uow: UnitOfWork, chosen: IntakeSettings) -> None:
    """Makes a first key where there is none."""
    if not await store.valid_signing_keys(uow, uow.now + chosen.key_lead):
        await add_key(uow, chosen)


async def add_key(uow: UnitOfWork, chosen: IntakeSettings) -> StoredKey:
    """Makes and publishes a new key, and sets the timer for its successor.

    The old key signs on until the new one has been published for `key_lead`, and its tokens are believed to their end.
    """
    pair = tokens.new_signing_key()
    key = StoredKey(
        key_id=pair.key_id,
        public_key=pair.public_key,
        private_key=_cipher(chosen.key_secret).encrypt(pair.private_key.encode()).decode(),
        created_at=uow.now,
        not_after=uow.now + 2 * chosen.key_life + chosen.key_lead,
    )
    await store.add_signing_key(uow, key)
    uow.publish(key.event())
    uow.schedule(ROTATE, "staff", uow.now + chosen.key_life)
    uow.audit(f"/services/{uow.service}", "add-signing-key", "signing-key", key.key_id)
    return key


async def rotate(uow: UnitOfWork, _timer: Timer) -> None:
    """The timer: a key's life is over, the next one takes over."""
    await add_key(uow, settings())


async def replace_keys(uow: UnitOfWork, chosen: IntakeSettings, *, end_old: bool, by: object) -> StoredKey:
    """A new key before its time. `end_old`: the others have become known, and no token of theirs is good any more,
    anywhere, as soon as the event has arrived; else they sign on until the new one is known everywhere.
    """
    for old in await store.end_signing_keys(uow, uow.now) if end_old else ():
        uow.publish(old.event())
    key = await add_key(uow, chosen)
    uow.audit(by, "replace-signing-keys", "signing-key", key.key_id, end_old=end_old)
    return key


async def current_key(uow: UnitOfWork, chosen: IntakeSettings) -> tokens.SigningKey:
    """The key to sign with now. Raises Refused(`signing-keys-missing`, 503) while there is none."""
    usable = await store.valid_signing_keys(uow, uow.now + chosen.token_life)
    key = choose_key(usable, uow.now - chosen.key_lead)
    if key is None:
        raise Refused("signing-keys-missing", status=503)
    private = _cipher(chosen.key_secret).decrypt(key.private_key.encode()).decode()
    return tokens.SigningKey(key.key_id, key.public_key, private)


def _cipher(secret: SecretStr) -> Fernet:
    # The secret is a long random string, not a password: one hash makes it a key, no slow derivation is needed.
    return Fernet(
        base64.urlsafe_b64encode(hashlib.sha256(b"signing-keys\x1f" + secret.get_secret_value().encode()).digest())
    )
