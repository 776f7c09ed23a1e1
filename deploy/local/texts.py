"""Every sentence that the laptop stack says: `texts/<language>.json`, a row per code."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "zh-CN"]

_FOLDER = Path(__file__).with_name("texts")


def say(code: str, language: Language, /, **values: object) -> str:
    """The sentence of `code`. Raises KeyError for an unknown code or a missing value: both are mistakes of ours."""
    return texts(language)[code].format(**values)


@cache
def texts(language: Language) -> dict[str, str]:
    """All rows of one language."""
    rows: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return rows
