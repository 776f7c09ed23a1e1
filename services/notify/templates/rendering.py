"""From a template and values to the words that a person reads. Strict: no value may be missing, none left over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_datetime
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from services.notify.providers.result import Channel
from services.notify.templates.catalogue import Template, language_for

# Plain text: nothing is escaped, because nothing reads it as markup.
_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)

_NOBODY_SPECIAL = {"zh-CN": "客户", "en": "customer"}
_FULL = {"zh-CN": "M月d日EEEE HH:mm", "en": "EEEE d MMMM, HH:mm"}
_BRIEF = {"zh-CN": "M月d日HH:mm", "en": "d MMM HH:mm"}


class WrongValues(Exception):
    """The values are not exactly what the template declares."""

    def __init__(self, template: str, missing: frozenset[str], unknown: frozenset[str]) -> None:
        names = ", ".join((*(f"-{name}" for name in sorted(missing)), *(f"+{name}" for name in sorted(unknown))))
        super().__init__(f"template {template}: {names}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What will be sent. `subject` is None for an SMS."""

    subject: str | None
    text: str


def render(
    template: Template,
    channel: Channel,
    *,
    language: str,
    zone: str,
    recipient: str | None,
    company: str,
    values: Mapping[str, str | datetime],
) -> Rendered:
    """The words for one recipient, who lives in `zone`; without a name the recipient is a customer.

    Raises WrongValues, and jinja2.UndefinedError where a text uses what its template does not declare.
    """
    given = frozenset(values)
    if given != template.placeholders:
        raise WrongValues(template.name, template.placeholders - given, given - template.placeholders)
    spoken = language_for(language)
    words: dict[str, str] = {
        name: when(value, spoken, zone, brief=channel == "sms") if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    words |= {"recipient": recipient or _NOBODY_SPECIAL[spoken], "company": company}
    text = template.texts[spoken]
    if channel == "sms":
        if text.sms is None:
            raise WrongValues(template.name, frozenset({"sms"}), frozenset())
        return Rendered(None, _compiled(text.sms).render(words))
    subject = " ".join(_compiled(text.subject).render(words).split())
    return Rendered(subject, _compiled(text.email).render(words))


@cache
def _compiled(text: str) -> jinja2.Template:
    # As many as there are texts in the catalogue; to compile one costs five times as much as to fill it in.
    return _ENVIRONMENT.from_string(text)


def when(instant: datetime, language: str, zone: str, *, brief: bool) -> str:
    """An instant as its reader says it: in the reader's `zone`, or in the zone it comes with, then with its offset.

    A visit's time is the time at the place of the visit: it comes with that zone.
    """
    at_place = isinstance(instant.tzinfo, ZoneInfo)
    local = instant if at_place else instant.astimezone(ZoneInfo(zone))
    pattern = (_BRIEF if brief else _FULL)[language]
    said: str = format_datetime(local, pattern, tzinfo=local.tzinfo, locale=language.replace("-", "_"))
    if at_place and local.utcoffset() != instant.astimezone(ZoneInfo(zone)).utcoffset():
        offset = local.strftime("%z")
        return f"{said} (UTC{offset[:3]}:{offset[3:]})"
    return said
