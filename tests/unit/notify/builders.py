"""Messages for tests that need no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.notify.messages.model import Message

MORNING = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
"""10:00 in Shanghai."""


def message(**changes: Any) -> Message:
    """An SMS to a party in Shanghai that may go out."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "rule": "visit-reminder",
        "subject_kind": "visit",
        "subject_id": uuid4(),
        "occasion": "1",
        "recipient_kind": "party",
        "recipient_id": uuid4(),
        "channel": "sms",
        "category": "service",
        "template": "visit-reminder",
        "language": "zh-CN",
        "zone": "Asia/Shanghai",
        "address_id": "a" * 32,
        "address": "+8613900000001",
        "subject_line": None,
        "text": "words",
        "in_reply_to": None,
        "sender": None,
        "fallback": False,
        "asks_until": None,
        "thread_id": None,
        "state": "accepted",
        "version": 1,
        "waits_for": None,
        "withdraw_as": None,
        "reason": None,
        "attempts": 0,
        "accepted_at": MORNING,
        "caused_at": MORNING,
        "send_after": MORNING,
        "expires_at": MORNING + timedelta(days=3),
        "decide_at": None,
        "submitted_at": None,
        "ended_at": None,
        "correlation_id": "c",
        "cause_id": "e",
        "hops": 1,
        "traceparent": None,
    }
    return Message(**{**values, **changes})
