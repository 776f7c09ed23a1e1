"""A sender killed between a provider's answer and its storing: the one hole in the promise, and how it is mended."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from services.notify.settings import settings
from tests.store.notify.world import approved, opened
from tests.support.scripts import ROOT, environment
from tests.wire.notify.world import WiredWorld, until


async def _kill_after_call(wired: WiredWorld, tmp_path: Path) -> None:
    """Starts a sender as a process of its own and kills it once the provider has answered."""
    marker = tmp_path / "paused"
    env = environment(
        {
            **{name: value for name, value in os.environ.items() if name.startswith("FRONTDESK_NOTIFY_")},
            "FRONTDESK_NOTIFY_DATABASE_URL": wired.url,
            "FRONTDESK_LAPTOP": "true",
            "FRONTDESK_TESTING": "1",
            "FRONTDESK_PAUSE": "sender.after_call",
            "FRONTDESK_PAUSE_FILE": str(marker),
        }
    )
    with (tmp_path / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.notify", "sender", cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:

        async def paused() -> bool:
            assert process.returncode is None, (tmp_path / "log").read_text()
            return marker.exists()

        await until(paused)
    finally:
        process.kill()
        await process.wait()


async def test_an_answer_goes_out_once_more_and_is_marked(
    wired: WiredWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_NOTIFY_SENDER_DEAD_AFTER", "1")
    monkeypatch.setenv("FRONTDESK_NOTIFY_REPEAT_AFTER", "0.1")
    settings.cache_clear()
    await wired.tell(opened(await wired.party()))
    await _kill_after_call(wired, tmp_path)
    assert await wired.bench.rows("SELECT state FROM message") == ["sending"]
    assert await wired.bench.rows("SELECT number, result FROM attempt") == [(1, None)]
    async with wired.running("sender"):
        await wired.until_states(delivered=1)
    assert await wired.bench.rows("SELECT number, repeat, result, code FROM attempt ORDER BY number") == [
        (1, False, "unknown", "sender-died"),
        (2, True, "accepted", None),
    ]
    assert len(wired.inbox("sms")) == 2


async def test_a_confirmation_does_not_go_out_again(
    wired: WiredWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_NOTIFY_SENDER_DEAD_AFTER", "1")
    monkeypatch.setenv("FRONTDESK_NOTIFY_UNCONFIRMED_AFTER", "0.5")
    settings.cache_clear()
    party, host = await wired.party(), await wired.staff()
    await wired.tell(approved(party, host))
    await wired.bench.rows("DELETE FROM message WHERE channel = 'email'")
    await _kill_after_call(wired, tmp_path)
    async with wired.running("sender"):
        await wired.until_states(sent_unconfirmed=1)
    assert len(wired.inbox("sms")) == 1
