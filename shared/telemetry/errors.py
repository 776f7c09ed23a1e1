"""What may be told of an exception: class, code and frames. Its text may hold a person's name, number or words.

PostgreSQL's DETAIL prints keys, pydantic prints inputs, `ValueError` prints what could not be parsed. So a text is told
only for classes whose texts are known to hold none.
"""

from __future__ import annotations

import errno
import re
import traceback
from typing import Any

from pydantic import ValidationError

from shared.kernel.errors import Refused, Stale, Superseded

FRAMES = 12
CHAIN = 5

_TEXT_IS_SAFE = (Refused, Superseded, Stale, TypeError, AttributeError, NameError, ImportError, RuntimeError)
_TEXT_IS_SAFE_FROM = ("aiokafka.", "kafka.", "faust.", "mode.", "ssl.", "asyncio.")
_CODE = re.compile(r"[\w.:-]{1,40}")


def describe(error: BaseException) -> dict[str, Any]:
    """`class`, `code` and `text` where there are any, `frames` (innermost last), and the same of its `cause`."""
    return _describe(error, CHAIN)


def summary(error: BaseException) -> str:
    """One line: the class and its code, e.g. `psycopg.errors.UniqueViolation 23505`."""
    return " ".join(part for part in (class_name(error), code(error)) if part)


def class_name(error: BaseException) -> str:
    """The class with its module; builtins without."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def code(error: BaseException) -> str | None:
    """What a machine may say of it: SQLSTATE, errno's name, a refusal's code, the kinds of a schema's errors."""
    if isinstance(error, ValidationError):
        kinds = {row["type"] for row in error.errors(include_url=False, include_context=False, include_input=False)}
        return f"{error.title}: {', '.join(sorted(kinds)[:5])}"
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, str(error.errno))
    original = getattr(error, "orig", None)
    for value in (getattr(original, "sqlstate", None), getattr(error, "sqlstate", None), getattr(error, "code", None)):
        if isinstance(value, str | int) and _CODE.fullmatch(str(value)):
            return str(value)
    return None


def _describe(error: BaseException, depth: int) -> dict[str, Any]:
    told: dict[str, Any] = {"class": class_name(error)}
    if (found := code(error)) is not None:
        told["code"] = found
    if isinstance(error, _TEXT_IS_SAFE) or class_name(error).startswith(_TEXT_IS_SAFE_FROM):
        told["text"] = str(error)[:300]
    told["frames"] = [
        f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ][-FRAMES:]
    if depth > 1:
        if isinstance(error, BaseExceptionGroup):
            told["members"] = [_describe(member, depth - 1) for member in error.exceptions[:CHAIN]]
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is not None:
            told["cause"] = _describe(cause, depth - 1)
    return told
