"""Which of our languages a caller reads."""

from __future__ import annotations

from typing import Literal

from starlette.requests import HTTPConnection

Language = Literal["zh-CN", "en"]

DEFAULT: Language = "zh-CN"


def language_of(tag: str | None) -> Language | None:
    """The language of ours that a BCP 47 tag asks for; None where it asks for another one."""
    primary = (tag or "").strip().lower().partition("-")[0]
    if primary == "zh":
        return "zh-CN"
    return "en" if primary == "en" else None


def accepted_language(header: str | None) -> Language | None:
    """The best of ours in an `Accept-Language` header (RFC 9110 §12.5.4); None where it names none of ours."""
    ranked: list[tuple[float, Language]] = []
    for entry in (header or "")[:500].split(","):
        tag, _, parameter = entry.partition(";")
        language = language_of(tag)
        if language is not None:
            ranked.append((_weight(parameter), language))
    ranked = [choice for choice in ranked if choice[0] > 0]
    return max(ranked, key=lambda choice: choice[0])[1] if ranked else None


def language_for(connection: HTTPConnection) -> Language:
    """What the caller asked for, else the language in the caller's directory entry, else our default."""
    asked = accepted_language(connection.headers.get("accept-language"))
    return asked or language_of(getattr(connection.state, "language", None)) or DEFAULT


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
