"""Pages for guests: plain HTML in two languages, without scripts and without anything from elsewhere."""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast, get_args

import jinja2
from babel.dates import format_date, format_time, get_timezone_name
from starlette.requests import Request as HTTPRequest
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.web.language import Language, language_for, language_of

_HERE = Path(__file__).parent
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    # The address of an appointment's page opens it: it goes to nobody else, and into no index.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}
_DAY = {"zh-CN": "M月d日 EEE", "en": "EEE d MMM"}
_WHEN = {"zh-CN": "y年M月d日 EEEE", "en": "EEEE d MMMM y"}

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@cache
def texts(language: Language) -> dict[str, str]:
    """What the pages say in a language, by key."""
    return tomllib.loads((_HERE / "texts" / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def style() -> str:
    """The pages' style sheet."""
    return (_HERE / "pages" / "style.css").read_text(encoding="utf-8")


def reader_language(request: HTTPRequest) -> Language:
    """What the reader chose on a page, else what the browser asks for."""
    return language_of(request.query_params.get("lang")) or language_for(request)


def page(request: HTTPRequest, name: str, status: int = 200, **values: Any) -> Response:
    """The page `name` in the reader's language."""
    language = reader_language(request)
    given = {
        "language": language,
        "other": next(other for other in get_args(Language) if other != language),
        "said": texts(language),
        "root": request.scope.get("root_path", ""),
        **values,
    }
    body = _ENVIRONMENT.get_template(f"{name}.html").render(given)
    return HTMLResponse(body, status, {**_HEADERS, "Content-Language": language})


def see(request: HTTPRequest, path: str) -> Response:
    """Sends the reader on, so that loading the page once more does nothing twice (RFC 9110 §15.4.4)."""
    to = f"{request.scope.get('root_path', '')}{path}?lang={reader_language(request)}"
    return RedirectResponse(to, 303, _HEADERS)


def day_label(day: Any, language: Language) -> str:
    """A day among others: `26 Nov, Thu`."""
    return cast(str, format_date(day, _DAY[language], locale=language.replace("-", "_")))


def span_label(starts: datetime, ends: datetime) -> str:
    """From when until when, by the clocks of the zone that both come in: `09:00–09:30`."""
    return f"{format_time(starts, 'HH:mm', starts.tzinfo)}–{format_time(ends, 'HH:mm', ends.tzinfo)}"


def zone_label(at: datetime, language: Language) -> str:
    """The zone that an instant comes in, as people call it: `China Standard Time`."""
    return cast(str, get_timezone_name(at, locale=language.replace("-", "_")))


def when_label(starts: datetime, ends: datetime, language: Language) -> str:
    """Day and span, both in the zone that the instants come in."""
    day = format_date(starts.date(), _WHEN[language], locale=language.replace("-", "_"))
    return f"{day} {span_label(starts, ends)}"
