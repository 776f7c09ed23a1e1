"""What the demo's people and staff do, over everybody's doors: HTTP, Kafka, the sandbox's phone and mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from deploy.local.demo.cast import Person
from deploy.local.layout import Layout
from shared.kernel import clock

T = TypeVar("T")

_POLL = 0.4
_PATIENCE = 100.0

Json = dict[str, Any]


class DemoFailed(Exception):
    """The day did not go as written. The text says which step, and holds no personal data."""


class NotThere(DemoFailed):
    """404: perhaps not yet."""


class Desk:
    """One HTTP client for all; staff sign with their tokens, channels with their key."""

    def __init__(
        self, layout: Layout, channel_keys: Mapping[str, str], tokens: Mapping[str, str], client: httpx.AsyncClient
    ) -> None:
        self._layout = layout
        self._channel_keys = channel_keys
        self._tokens = tokens
        self._client = client
        self.headers: dict[str, str] = {}
        """What every request carries besides its own: a `traceparent`, a language."""
        self._arrived: dict[str, list[Json]] = {}
        self._seen = 0

    async def channel(self, name: str, method: str, path: str, body: Json | None = None) -> Json:
        """A request of a channel to intake."""
        return await self._call("intake", method, path, body, self._channel_keys[name])

    async def staff(self, who: str, service: str, method: str, path: str, body: Json | None = None) -> Json:
        """A request of a member of staff."""
        return await self._call(service, method, path, body, self._tokens[who])

    async def page(self, method: str, path: str, form: Json | None = None) -> str:
        """What somebody's browser gets of intake's pages: the page, or the path that it is sent on to."""
        answer = await self._client.request(method, f"{self._layout.api('intake')}{path}", data=form)
        if answer.status_code == 303:
            return str(answer.headers["location"])
        if answer.status_code not in (200, 409):
            raise DemoFailed(f"intake {method} {path.split('/')[1]} page: {answer.status_code}")
        return answer.text

    async def send_sms(self, person: Person, to: str, text: str) -> None:
        """The person's phone sends a text to one of our numbers."""
        await self._sandbox("/reply/sms", {"from": person.phone, "to": to, "text": text})

    async def write_mail(self, person: Person, to: str, subject: str, text: str) -> None:
        """The person writes us a mail out of the blue."""
        await self._sandbox("/reply/email", {"from": person.email, "to": to, "subject": subject, "text": text})

    async def answer(self, person: Person, message: Json, text: str, *, auto: bool = False) -> None:
        """The person answers what was received, the same way."""
        if message["channel"] == "sms":
            await self.send_sms(person, message["from"], text)
        else:
            await self._sandbox("/reply/email", {"reference": message["reference"], "text": text, "auto": auto})

    async def arrived(self, address: str) -> list[Json]:
        """What has arrived at this address by now, also at a member of staff's."""
        await self._look()
        return list(self._arrived.get(address, []))

    async def received(self, person: Person, count: int) -> list[Json]:
        """What the person has received, once it is `count` messages."""

        async def enough() -> list[Json] | None:
            found = self._arrived.get(person.address, [])
            return found if len(found) >= count else None

        return await until(f"message {count} to a person of the demo", enough)

    async def received_exactly(self, person: Person, count: int) -> None:
        """Raises DemoFailed where the person has received more or fewer than `count` messages."""
        found = len(await self.arrived(person.address))
        if found != count:
            raise DemoFailed(f"a person of the demo has {found} messages, not {count}")

    async def knows(self, who: str, service: str, path: str) -> bool:
        """Whether `service` has heard of this member of staff and of the key that signs their token."""
        headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        return (await self._client.get(f"{self._layout.api(service)}{path}", headers=headers)).is_success

    async def watch_inbox(self) -> None:
        """Sorts what arrives in the sandbox by its recipient, until cancelled."""
        while True:
            await self._look()
            await asyncio.sleep(_POLL)

    async def skip_old_mail(self) -> None:
        """What arrived before this day is not ours."""
        newest = (await self._client.get(f"{self._layout.inbox}/messages", params={"limit": 1})).json()
        self._seen = newest[-1]["number"] if newest else 0

    async def _look(self) -> None:
        answer = await self._client.get(f"{self._layout.inbox}/messages", params={"after": self._seen})
        for message in answer.json():
            if message["number"] > self._seen:
                self._seen = message["number"]
                self._arrived.setdefault(message["to"], []).append(message)

    async def _sandbox(self, path: str, body: Json) -> None:
        answer = await self._client.post(f"{self._layout.inbox}{path}", json=body)
        if answer.status_code != 200 or not answer.json()["taken"]:
            raise DemoFailed(f"sandbox {path}: {answer.status_code}")

    async def _call(self, service: str, method: str, path: str, body: Json | None, bearer: str) -> Json:
        headers = {**self.headers, "Authorization": f"Bearer {bearer}"}
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid4())
        answer = await self._client.request(method, f"{self._layout.api(service)}{path}", json=body, headers=headers)
        if answer.is_success:
            found: Json = answer.json()
            return found
        problem = answer.json() if answer.headers.get("content-type", "").startswith("application/problem") else {}
        told = f"{problem.get('code')} {problem.get('field')} {problem.get('expected')}"
        failure = NotThere if answer.status_code == 404 else DemoFailed
        raise failure(f"{service} {method} {path}: {answer.status_code} {told}")


async def until(what: str, found: Callable[[], Awaitable[T | None]], patience: float = _PATIENCE) -> T:
    """Asks again and again until there is an answer. Raises DemoFailed after `patience` seconds."""
    last = clock.monotonic() + patience
    while (value := await found()) is None:
        if clock.monotonic() > last:
            raise DemoFailed(f"{what} did not come within {timedelta(seconds=patience)}")
        await asyncio.sleep(_POLL)
    return value
