"""Commands about people: staff, tokens, the sandbox's phone and mailbox, the demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.local import credentials, demo_report, running, sandbox_client, stores
from deploy.local.console import language, tell, tell_json, tell_message, tell_table, text
from deploy.local.layout import Layout
from deploy.local.operating import By, Yes, actor, tell_rehearsed
from deploy.local.trouble import Trouble
from shared.store.database import Database
from shared.web.phrases import in_language

if TYPE_CHECKING:
    from services.intake.directory.csv_rows import ImportRefused, Line, Problem
    from services.intake.directory.imports import Imported

Json = Annotated[bool, typer.Option("--json", help="print JSON instead of text")]

app = typer.Typer()
staff = typer.Typer(help="The directory of departments and staff.", no_args_is_help=True)
inbox = typer.Typer(help="What the sandbox phone and mailbox received; answers.", invoke_without_command=True)
app.add_typer(staff, name="staff")
app.add_typer(inbox, name="inbox")


@staff.command("import")
def _staff_import(
    file: Annotated[Path, typer.Argument(help="CSV of staff")],
    departments: Annotated[Path | None, typer.Option(help="CSV of departments, where those change too")] = None,
    yes: Yes = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Bring the directory to what the files say, all or nothing, with a report of every line. New passwords go to a
    file of mode 0600. A column that a file does not have changes nothing.
    """
    from services.intake.directory.csv_rows import DEPARTMENT_COLUMNS, ImportRefused
    from services.intake.directory.operator import staff_import

    layout = Layout.from_environment()
    rows = ",".join(DEPARTMENT_COLUMNS) if departments is None else _read(departments)
    staff_rows = _read(file)

    async def act(database: Database) -> Imported | ImportRefused:
        try:
            return await staff_import(database, rows, staff_rows, by=actor(by), dry_run=not yes)
        except ImportRefused as refused:
            return refused

    done = stores.ask_intake(layout, act)
    if isinstance(done, ImportRefused):
        _show_report(done.report, json=json)
        raise Trouble("import-refused", lines=sum(line.outcome == "refused" for line in done.report))
    for email, password in done.passwords.items():
        credentials.add(layout.staff_passwords, email, password)
    counts = {"departments": done.departments, "staff": done.staff, "new_accounts": done.new_accounts}
    _show_report(done.report, json=json, done=yes, **counts)
    if json:
        return
    tell("staff-imported" if yes else "staff-would-import", **counts)
    if done.passwords:
        tell("passwords-kept", count=len(done.passwords), file=layout.staff_passwords)
    tell_rehearsed(yes)


@staff.command("password")
def _staff_password(
    email: Annotated[str, typer.Argument(help="of a member of staff")], by: By = None, json: Json = False
) -> None:
    """Open an account, or give it a new password. The password is shown this once."""
    from services.intake.directory.operator import staff_password

    layout = Layout.from_environment()
    password = stores.ask_intake(layout, lambda database: staff_password(database, email, by=actor(by)))
    tell_json({"email": email, "password": password}) if json else typer.echo(password)


@staff.command("new-key")
def _staff_new_key(
    end_old: Annotated[
        bool, typer.Option("--end-old", help="the old ones have become known: every token of theirs is bad at once")
    ] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Let a new key sign staff tokens. It is told to every service; nothing has to be started again."""
    from services.intake.directory.operator import signing_key_replace

    layout = Layout.from_environment()
    key = stores.ask_intake(layout, lambda database: signing_key_replace(database, end_old=end_old, by=actor(by)))
    tell_json({"key_id": key, "end_old": end_old}) if json else tell("signing-key-made", key=key)


@app.command("token")
def _token(email: Annotated[str, typer.Argument(help="of a member of staff")], json: Json = False) -> None:
    """Print a staff token for `curl -H "Authorization: Bearer …"`; it is valid for ten minutes."""
    from services.intake.directory.operator import token

    signed = stores.ask_intake(Layout.from_environment(), lambda database: token(database, email))
    tell_json({"token": signed.token, "expires_at": signed.expires_at}) if json else typer.echo(signed.token)


@inbox.callback()
def _inbox(
    context: typer.Context,
    to: Annotated[str | None, typer.Option("--to", help="only what this number or address received")] = None,
    after: Annotated[int, typer.Option(min=0, help="only messages with a higher number")] = 0,
    limit: Annotated[int, typer.Option("-n", min=1, max=10_000, help="how many at most")] = 20,
    json: Json = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    messages = sandbox_client.messages(Layout.from_environment(), to=to, after=after, limit=limit)
    if json:
        tell_json(messages)
        return
    if not messages:
        tell("nothing-received")
    for message in messages:
        tell_message(*_shown(message))


@inbox.command("reply")
def _inbox_reply(
    number: Annotated[int, typer.Argument(help="of the message that is answered, see `frontdesk inbox`")], answer: str
) -> None:
    """Answer a message as the person who got it."""
    sandbox_client.reply(Layout.from_environment(), number, answer)
    tell("message-sent")


@inbox.command("write")
def _inbox_write(
    sender: Annotated[str, typer.Option("--from", help="phone number (E.164) or e-mail address")],
    recipient: Annotated[str, typer.Option("--to", help="one of our numbers or addresses")],
    words: Annotated[str, typer.Argument(help="what the person writes")],
    subject: Annotated[str, typer.Option(help="of an e-mail")] = "",
) -> None:
    """Send an SMS or e-mail out of the blue."""
    sandbox_client.write(Layout.from_environment(), sender, recipient, words, subject)
    tell("message-sent")


@app.command("demo")
def _demo(json: Json = False) -> None:
    """Play one new day on the running stack and say what came of it."""
    layout = Layout.from_environment()
    if running.read(layout) is None:
        raise Trouble("not-running", folder=layout.data)
    running.wait_ready(layout)
    report = demo_report.play(layout)
    tell_json(report.as_json()) if json else demo_report.show(report)


def _shown(message: dict[str, Any]) -> tuple[str, str]:
    """A line about a message, and its words."""
    head = f"{message['number']:>4}  {message['channel']:<5}  {message['from']} → {message['to']}"
    subject = message["subject"]
    return head, f"{subject}\n{message['text']}" if subject else message["text"]


def _show_report(report: Sequence[Line], *, json: bool, **head: object) -> None:
    """Every line of an import: what becomes of it, in which columns, or what is wrong there."""
    if json:
        lines = [{**asdict(line), "problems": [str(each) for each in line.problems]} for line in report]
        tell_json({"done": False, **head, "lines": lines})
        return
    rows = [
        (
            line.file,
            line.line,
            text(f"line-{line.outcome}"),
            "; ".join(map(_said, line.problems)) or ", ".join(line.columns),
        )
        for line in report
        if line.outcome != "unchanged"
    ]
    if rows:
        tell_table(("head-file", "head-line", "head-outcome", "head-columns"), rows)


def _said(problem: Problem) -> str:
    expected = in_language(problem.expected, language())
    return text("line-problem", column=problem.column, expected=expected)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Trouble("file-unreadable", file=file, reason="UTF-8") from None
    except OSError as error:
        raise Trouble("file-unreadable", file=file, reason=error.strerror) from error
