"""What the `frontdesk` command does with the directory: each its own transaction."""

from __future__ import annotations

from services.intake.directory.imports import Imported, import_staff
from services.intake.directory.sign_in import new_account, token_for
from services.intake.directory.signing import replace_keys
from services.intake.settings import settings
from services.intake.standards.commands import install_shipped
from shared.security.tokens import Signed
from shared.store.cause import Cause
from shared.store.database import Database


async def staff_import(
    database: Database, departments_csv: str, staff_csv: str, *, by: str = "operator", dry_run: bool = False
) -> Imported:
    """`frontdesk staff import`: the passwords of new accounts come back once; write them to a file of mode 0600.

    The first import also puts the shipped standard sets in force. Raises ImportRefused with every mistake, told by
    file, line and column.
    """
    async with database.transaction(Cause.of_person()) as uow:
        if not dry_run:
            await install_shipped(uow)
        return await import_staff(uow, departments_csv, staff_csv, by=by, dry_run=dry_run)


async def staff_password(database: Database, email: str, *, by: str = "operator") -> str:
    """`frontdesk staff password EMAIL`: a new password for somebody who works here; it comes back this once.

    Raises Refused(`staff-not-found`).
    """
    async with database.transaction(Cause.of_person()) as uow:
        return await new_account(uow, email, by=by)


async def token(database: Database, email: str) -> Signed:
    """`frontdesk token EMAIL`: a staff token without the password. Raises Refused (`staff-not-found`)."""
    async with database.transaction(Cause.of_person()) as uow:
        return await token_for(uow, settings(), email)


async def signing_key_replace(database: Database, *, end_old: bool, by: str = "operator") -> str:
    """`frontdesk staff new-key`: another key signs staff tokens; `end_old`: no token of the others is good any more."""
    async with database.transaction(Cause.of_person()) as uow:
        return (await replace_keys(uow, settings(), end_old=end_old, by=by)).key_id
