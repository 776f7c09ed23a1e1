"""Keys change over while the doors stay open: channels' keys, and those that sign staff tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.intake.channels import door
from services.intake.channels.operator import (
    channel_add,
    channel_close,
    channel_keys,
    channel_revoke,
    channel_rotate,
)
from services.intake.directory.operator import signing_key_replace, token
from shared.kernel.errors import Refused
from tests.store.intake.builders import House
from tests.store.intake.office import Office, office_of

_MESSAGE = {"purpose": "complaint", "sender": {"phone": "+8613800000001"}, "text": "the tap drips"}


@pytest.fixture
async def office(house: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """Doors that believe no key without asking, so that a test need not wait for five seconds."""
    monkeypatch.setattr(door, "_REMEMBERED", 0.0)
    async with office_of(house) as opened:
        yield opened


async def _knock(office: Office, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    answer: httpx.Response = await office.client.post("/channel-messages", json=_MESSAGE, headers=headers)
    return answer.status_code


async def test_a_rotated_key_works_at_once_and_the_old_one_until_its_end(office: Office) -> None:
    database, old = office.house.bench.database, office.house.key
    new = await channel_rotate(database, "web-form", overlap=timedelta(hours=1))
    assert [await _knock(office, key) for key in (old, new)] == [202, 202]
    await office.house.bench.rows("UPDATE channel_key SET ends = now() WHERE ends IS NOT NULL")
    assert [await _knock(office, key) for key in (old, new)] == [401, 202]


async def test_a_second_rotation_does_not_lengthen_what_was_to_end_sooner(office: Office) -> None:
    database = office.house.bench.database
    await channel_rotate(database, "web-form", overlap=timedelta(hours=1))
    await channel_rotate(database, "web-form", overlap=timedelta(hours=9))
    newest, middle, oldest = await channel_keys(database, "web-form")
    assert newest.ends is None
    assert middle.ends is not None
    assert oldest.ends is not None
    assert oldest.ends < middle.ends


async def test_adding_a_channel_again_ends_its_other_keys_now(office: Office) -> None:
    new = await channel_add(office.house.bench.database, "web-form")
    assert [await _knock(office, key) for key in (office.house.key, new)] == [401, 202]


async def test_one_key_is_revoked_by_its_short_name_and_recorded(office: Office) -> None:
    database = office.house.bench.database
    new = await channel_rotate(database, "web-form", overlap=timedelta(hours=1))
    newest = (await channel_keys(database, "web-form"))[0]
    await channel_revoke(database, "web-form", newest.short, by="ann")
    assert [await _knock(office, key) for key in (office.house.key, new)] == [202, 401]
    acts = await office.house.bench.rows("SELECT actor, action FROM audit WHERE subject_kind = 'channel'")
    assert acts == [("operator", "register"), ("operator", "rotate-key"), ("ann", "revoke-key")]
    for short in ("", "zzzz"):
        with pytest.raises(Refused, match="channel-key-not-found"):
            await channel_revoke(database, "web-form", short)


async def test_a_closed_channel_lets_nobody_in_until_it_is_added_again(office: Office) -> None:
    database = office.house.bench.database
    await channel_close(database, "web-form")
    assert await _knock(office, office.house.key) == 401
    assert await _knock(office, await channel_add(database, "web-form")) == 202


@pytest.mark.parametrize("act", [channel_keys, channel_close])
async def test_an_unknown_channel_is_named_so(office: Office, act: Any) -> None:
    with pytest.raises(Refused, match="channel-not-found"):
        await act(office.house.bench.database, "nowhere")


async def test_a_new_signing_key_is_told_first_and_old_tokens_stay_good(office: Office) -> None:
    database = office.house.bench.database
    old = (await token(database, "tom@example.com")).token
    await signing_key_replace(database, end_old=False)
    await office.house.read_back()
    assert await office.house.told("signing-keys") == ["signing-key-published"] * 2
    for each in (old, (await token(database, "tom@example.com")).token):
        assert await _visits(office, each) == 200


async def test_an_old_signing_key_that_has_become_known_opens_nothing(office: Office) -> None:
    database = office.house.bench.database
    old = (await token(database, "tom@example.com")).token
    assert await _visits(office, old) == 200
    await signing_key_replace(database, end_old=True, by="ann")
    await office.house.read_back()
    assert await _visits(office, old) == 401
    assert await _visits(office, (await token(database, "tom@example.com")).token) == 200


async def _visits(office: Office, signed: str) -> int:
    answer = await office.client.get("/visits", headers={"Authorization": f"Bearer {signed}"})
    return answer.status_code
