"""The sandbox's phone and mailbox as a page: what arrived, newest first, and a field to answer each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Header
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.local.sandbox.inbox import Inbox
from deploy.local.texts import Language, say

_SHOWN = 100
_POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_OTHER: dict[Language, Language] = {"en": "zh-CN", "zh-CN": "en"}


def page_of(inbox: Inbox) -> APIRouter:
    """`GET /` (`to`: one number or address; `lang`: else that of the browser). Loads nothing from elsewhere."""
    router = APIRouter()
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
    )

    @router.get("/", include_in_schema=False)
    async def page(
        to: str | None = None,
        lang: Literal["en", "zh-CN"] | None = None,
        accept_language: Annotated[str, Header()] = "",
    ) -> HTMLResponse:
        language: Language = lang or ("zh-CN" if accept_language.lower().startswith("zh") else "en")
        recipient = to.strip().replace(" ", "") if to else None
        messages = inbox.newest(after=0, channel=None, recipient=recipient or None, limit=_SHOWN)
        shown = pages.get_template("inbox.html").render(
            language=language,
            to=recipient,
            messages=messages[::-1],
            newest=inbox.last_number,
            words={**_words(language), "other": _OTHER[language]},
            said={
                "sent": say("message-sent", language),
                "refused": say("inbox-refused", language),
                "away": say("inbox-away", language),
            },
        )
        return HTMLResponse(shown, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})

    return router


def _words(language: Language) -> dict[str, str]:
    return {
        "title": say("inbox-title", language),
        "switch": say("inbox-switch", language),
        "filter": say("inbox-filter", language),
        "show": say("inbox-show", language),
        "sms": say("inbox-sms", language),
        "email": say("inbox-email", language),
        "placeholder": say("inbox-placeholder", language),
        "answer": say("inbox-answer", language),
        "nothing": say("nothing-received", language),
    }
