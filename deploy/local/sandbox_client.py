"""The sandbox's phone and mailbox as the command uses them, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx

from deploy.local.layout import Layout
from deploy.local.trouble import Trouble

_TIMEOUT_SECONDS = 15.0

Message = dict[str, Any]


def messages(layout: Layout, *, to: str | None = None, after: int = 0, limit: int = 1000) -> list[Message]:
    """What arrived, oldest first: number, channel, from, to, text, subject, at. Raises Trouble."""
    asked = {"after": after, "limit": limit} | ({} if to is None else {"to": to})
    found: list[Message] = _call(layout, "GET", "/messages", params=asked).json()
    return found


def reply(layout: Layout, number: int, answer: str) -> None:
    """Answers message `number` as the person who got it. Raises Trouble where there is none."""
    found = [message for message in messages(layout, after=number - 1, limit=1) if message["number"] == number]
    if not found:
        raise Trouble("no-such-message", number=number)
    message = found[0]
    if message["channel"] == "sms":
        write(layout, message["to"], message["from"], answer)
    else:
        _send(layout, "/reply/email", {"reference": message["reference"], "text": answer})


def write(layout: Layout, sender: str, recipient: str, words: str, subject: str = "") -> None:
    """An SMS, or an e-mail where the sender is an address. Raises Trouble where nobody takes it."""
    body = {"from": sender, "to": recipient, "text": words}
    if "@" in sender:
        _send(layout, "/reply/email", body | {"subject": subject})
    else:
        _send(layout, "/reply/sms", body)


def _send(layout: Layout, path: str, body: dict[str, str]) -> None:
    if not _call(layout, "POST", path, json=body).json()["taken"]:
        raise Trouble("message-not-taken")


def _call(layout: Layout, method: str, path: str, **content: Any) -> httpx.Response:
    try:
        answer = httpx.request(method, f"{layout.inbox}{path}", timeout=_TIMEOUT_SECONDS, **content)
    except httpx.TransportError as error:
        raise Trouble("not-running", folder=layout.data) from error
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        raise Trouble("sandbox-refused", reason=answer.json()["detail"])
    answer.raise_for_status()
    return answer
