"""How the `frontdesk` command speaks: language, tables, JSON, and one sentence when something is wrong."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.layout import BadSetting, Layout
from deploy.local.texts import Language, say
from deploy.local.trouble import Trouble

_PIPE_COLUMNS = 240  # a pipe has no width; what reads it must find names whole

out = Console(
    highlight=False,
    soft_wrap=not sys.stdout.isatty(),
    width=None if sys.stdout.isatty() else _PIPE_COLUMNS,
)
_err = Console(stderr=True, highlight=False, soft_wrap=True)
_language: Language = "en"


def speak(language: str | None) -> None:
    """Chooses the language: what was asked for, else that of LANG, else English. Raises ValueError for another one."""
    global _language
    if language not in (None, "en", "zh-CN"):
        raise ValueError(language)
    wanted = language or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    _language = "zh-CN" if wanted.replace("_", "-").lower().startswith("zh") else "en"


def language() -> Language:
    """The chosen one."""
    return _language


def text(code: str, **values: object) -> str:
    """The sentence of `code` in the chosen language."""
    return say(code, _language, **values)


def tell(code: str, **values: object) -> None:
    """Prints a sentence."""
    out.print(text(code, **values), markup=False)


def tell_step(code: str) -> None:
    """Prints a step, where a person may watch, beside the data."""
    _err.print(text(code), style="dim", markup=False)


def tell_json(data: Any) -> None:
    """Prints `data` as JSON and nothing else."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def tell_table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Prints a table; `heads` are codes of texts."""
    table = Table(title=None if title is None else text(title), title_justify="left")
    for head in heads:
        table.add_column(text(head), overflow="fold")  # a name cut short cannot be copied
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    out.print(table)


def tell_message(head: str, words: str) -> None:
    """Prints what somebody received: a line about it, then the words."""
    out.print(head, style="bold", markup=False)
    out.print(words, markup=False)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return text("word-yes" if value else "word-no")
    return "–" if value is None else str(value).replace("[", "\\[")


@contextmanager
def plain_failures(layout: Layout | None = None) -> Iterator[None]:
    """What a person can mend ends the command with one sentence and exit code 1; everything else is our bug."""
    try:
        yield
    except Trouble as trouble:
        fail(trouble)
    except BadSetting as bad:
        fail(Trouble("bad-setting", setting=bad))
    except OSError as error:
        known = _of_os(error, layout)
        if known is None:
            raise
        fail(known)


def fail(trouble: Trouble) -> None:
    """Prints the sentence on standard error and exits with code 1."""
    _err.print(text(trouble.code, **trouble.values), markup=False)
    sys.exit(1)


def _of_os(error: OSError, layout: Layout | None) -> Trouble | None:
    folder = error.filename or (layout.data if layout else "?")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble("disk-full", folder=folder, free_mb=0, needed_mb=2048)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble("no-permission", folder=folder)
    return None
