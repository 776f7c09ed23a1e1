"""What an inbound message is, told from itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.notify.inbound.model import consent_word, machine_kind, our_number, person_number
from services.notify.receiver.mail import DeliveryReport, InboundMail
from services.notify.threads.model import reply_address, reply_token, token_key


def _mail(**changes: Any) -> InboundMail:
    values: dict[str, Any] = {
        "message_id": "<1@example.org>",
        "from_address": "li@example.org",
        "to_address": "frontdesk@frontdesk.example",
        "token": None,
        "in_reply_to": None,
        "references": (),
        "subject": "s",
        "text": "t",
        "auto": False,
        "bulk": False,
        "report": None,
        "dkim_aligned": False,
        "received_at": datetime.now(UTC),
    }
    return InboundMail(**{**values, **changes})


@pytest.mark.parametrize("text", ["TD", "td", " Stop. ", "退订", "退订。", "UNSUBSCRIBE", "T"])
def test_one_word_takes_consent_back(text: str) -> None:
    assert consent_word(text) == {"*"}


@pytest.mark.parametrize("text", ["START", "恢复订阅"])
def test_one_word_gives_consent_again(text: str) -> None:
    assert consent_word(text) == frozenset()


@pytest.mark.parametrize("text", ["please stop calling me", "1", "3", "", "STOP the leak!", "不满意"])
def test_a_sentence_or_an_answer_is_no_word_of_consent(text: str) -> None:
    assert consent_word(text) is None


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, None),
        ({"auto": True}, "auto"),
        ({"bulk": True}, "bulk"),
        ({"from_address": "bounce@frontdesk.example"}, "auto"),
        ({"from_address": ""}, "unreadable"),
        ({"report": DeliveryReport(uuid4(), "failed", True, "5.1.1", ())}, "bounce"),
        ({"report": DeliveryReport(uuid4(), "delivered", False, "", ())}, "report"),
    ],
)
def test_a_machines_mail_is_known_for_one(changes: dict[str, Any], kind: str | None) -> None:
    assert machine_kind(_mail(**changes), "frontdesk.example") == kind


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+8613900000001", "+8613900000001"),
        ("8613900000001", "+8613900000001"),
        ("13900000001", "+8613900000001"),
        ("10086", None),
        ("BANK", None),
    ],
)
def test_only_a_persons_number_is_answered(written: str, number: str | None) -> None:
    assert person_number(written, "CN") == number


def test_our_number_is_known_with_and_without_its_plus() -> None:
    assert our_number("861069000002", ("+861069000001", "+861069000002")) == "+861069000002"


def test_a_reply_address_is_secret_stable_and_survives_a_change_of_case() -> None:
    asked = uuid4()
    token = reply_token(b"secret", asked)
    assert token == reply_token(b"secret", asked)
    assert token != reply_token(b"other", asked)
    assert len(token) * 5 >= 128
    assert reply_address(token, "d.example") == f"reply+{token}@d.example"
    assert token_key(token.upper()) == token_key(token)
    assert token not in token_key(token)
