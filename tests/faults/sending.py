"""How a request goes out: again and again under one key until it is answered, every try written down."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from shared.kernel import clock
from tests.faults.entries import Entry, Try

AGAIN_SECONDS = 0.5
_TIMEOUT_SECONDS = 12.0

Json = dict[str, Any]


class Sender:
    """One HTTP client for the whole load. `giving_up` ends the waiting of those that still have no good answer."""

    def __init__(self, bearers: dict[str, str]) -> None:
        self._bearers = bearers
        self._client = httpx.AsyncClient(
            timeout=_TIMEOUT_SECONDS, limits=httpx.Limits(max_connections=300, max_keepalive_connections=50)
        )
        self.giving_up = asyncio.Event()

    async def close(self) -> None:
        """Closes every connection."""
        await self._client.aclose()

    def know(self, bearers: dict[str, str]) -> None:
        """Who signs with what, from here on."""
        self._bearers.update(bearers)

    async def ask(self, entry: Entry, url: str, body: Json, who: str) -> Json | None:
        """Sends until there is a good answer, which is returned, or none is to be had: then None."""
        while True:
            answer = await self._once(entry, url, body, who)
            if answer is not None:
                return answer
            if entry.refused or not entry.asks_again or self.giving_up.is_set():
                return None
            await self.rest(AGAIN_SECONDS)

    async def rest(self, seconds: float) -> None:
        """Waits, or less when it is time to give up."""
        try:
            async with asyncio.timeout(seconds):
                await self.giving_up.wait()
        except TimeoutError:
            return

    async def _once(self, entry: Entry, url: str, body: Json, who: str) -> Json | None:
        at, began = clock.now(), clock.monotonic()
        headers = {"Authorization": f"Bearer {self._bearers[who]}", "Idempotency-Key": entry.key}
        try:
            answer = await self._client.post(url, json=body, headers=headers)
        except httpx.TransportError as error:
            entry.tries.append(Try(at, type(error).__name__, clock.monotonic() - began))
            return None
        entry.tries.append(Try(at, answer.status_code, clock.monotonic() - began))
        if not answer.is_success:
            return None
        found: Json = answer.json()
        return found
