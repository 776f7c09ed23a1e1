"""What phones and mailboxes received, collected while it arrives: the sandbox shows only its newest messages."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

_LIMIT = 10_000
_LOOK_SECONDS = 1.0


class Sink:
    """`run` until cancelled; `received` has everything since it was opened."""

    def __init__(self, inbox: str) -> None:
        self._url = f"{inbox}/messages"
        self._seen = 0
        self.received: list[dict[str, Any]] = []

    async def run(self) -> None:
        """Looks once a second."""
        async with httpx.AsyncClient(timeout=30) as client:
            while True:
                await self._look(client)
                await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Once, now."""
        async with httpx.AsyncClient(timeout=30) as client:
            await self._look(client)

    async def _look(self, client: httpx.AsyncClient) -> None:
        answer = await client.get(self._url, params={"after": self._seen, "limit": _LIMIT})
        for message in answer.raise_for_status().json():
            if message["number"] > self._seen:
                self._seen = message["number"]
                self.received.append(message)
