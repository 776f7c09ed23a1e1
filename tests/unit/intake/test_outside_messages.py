"""What an outside channel says is spelled our way, and what cannot be used counts as not said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.intake.channels.outside import usable
from shared.contracts.events.channel_message_received import ChannelMessageReceived

_NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _event(sender: dict[str, str] | None = None, **fields: Any) -> ChannelMessageReceived:
    whole = {"message_id": uuid4(), "channel": "shop", "medium": "kafka", "text": "x", "received_at": _NOW, **fields}
    return ChannelMessageReceived.model_validate({**whole, "sender": sender or {}})


@pytest.mark.parametrize(
    ("said", "used"),
    [
        ({"phone": "138 0013 8000"}, "+8613800138000"),
        ({"phone": "+49 30 901820"}, "+4930901820"),
        ({"phone": "call me"}, None),
        ({"email": "Ada@Example.COM"}, "ada@example.com"),
        ({"email": "at home"}, None),
    ],
)
def test_an_address_is_spelled_our_way_or_not_said(said: dict[str, str], used: str | None) -> None:
    sender = usable(_event(said), _NOW).sender
    assert (sender.phone or sender.email) == used


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd"])
def test_a_zone_that_none_is_counts_as_not_said(zone: str) -> None:
    assert usable(_event(zone=zone), _NOW).zone is None
    assert usable(_event(zone="Asia/Urumqi"), _NOW).zone == "Asia/Urumqi"


def test_a_language_that_none_is_counts_as_not_said() -> None:
    assert usable(_event(language="柳如是"), _NOW).language is None
    assert usable(_event(language="zh-CN"), _NOW).language == "zh-CN"


@pytest.mark.parametrize(
    "said", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1999-12-31T23:59:59Z", "2026-11-22T09:00:01Z"]
)
def test_a_date_that_cannot_be_is_now(said: str) -> None:
    assert usable(_event(received_at=said), _NOW).received_at == _NOW
    yesterday = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert usable(_event(received_at=yesterday), _NOW).received_at == yesterday
