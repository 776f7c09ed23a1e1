"""The templates as they lie in `texts/`: one file per template, in it every language and channel."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.notify.providers.result import Channel

_TEXTS = Path(__file__).parent / "texts"

LANGUAGES = ("zh-CN", "en")
DEFAULT_LANGUAGE = "zh-CN"

GIVEN = frozenset({"recipient", "company"})
"""Placeholders that every template may use without declaring: how the recipient is called, and who we are."""


@dataclass(frozen=True, slots=True)
class Text:
    """The words of one language. `sms` is None for what goes to staff by e-mail only."""

    subject: str
    email: str
    sms: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """One purpose's words. `placeholders` is exactly what a notice must bring."""

    name: str
    placeholders: frozenset[str]
    instants: frozenset[str]
    """Those placeholders whose values are instants, written in the recipient's zone."""
    texts: dict[str, Text]

    @property
    def channels(self) -> frozenset[Channel]:
        """The channels that it has words for, in every language."""
        by_sms = all(text.sms is not None for text in self.texts.values())
        return frozenset({"sms", "email"} if by_sms else {"email"})


@cache
def templates() -> dict[str, Template]:
    """Every template by name."""
    return {path.stem: _read(path) for path in sorted(_TEXTS.glob("*.toml"))}


def language_for(wanted: str) -> str:
    """The language that we write to somebody who prefers `wanted` (BCP 47): the same, its kin, else our default."""
    if wanted in LANGUAGES:
        return wanted
    kin = [language for language in LANGUAGES if language.partition("-")[0] == wanted.partition("-")[0].lower()]
    return kin[0] if kin else DEFAULT_LANGUAGE


def _read(path: Path) -> Template:
    raw = tomllib.loads(path.read_text())
    texts = {
        language: Text(raw[language]["subject"], raw[language]["email"].strip(), raw[language].get("sms"))
        for language in LANGUAGES
    }
    instants = frozenset(raw.get("instants", ()))
    return Template(path.stem, frozenset(raw.get("placeholders", ())) | instants, instants, texts)
