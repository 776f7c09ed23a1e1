"""Mails that we write: headers, UTF-8, nothing injected."""

from __future__ import annotations

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.providers.composing import fits, octets, return_path
from services.notify.providers.result import Outbound
from services.notify.receiver.mail import our_message_id

MESSAGE = UUID("0199a3c4-0000-7000-8000-00000000abcd")


def written(**changes: object) -> bytes:
    values: dict[str, object] = {
        "message_id": MESSAGE,
        "sender": "reply+tok3n@frontdesk.example",
        "recipient": "guest@example.com",
        "text": "您好，您的投诉已登记。",
        "subject": "投诉登记通知",
    }
    return octets(
        Outbound(**{**values, **changes}),  # type: ignore[arg-type]
        from_name="前台",
        from_address="service@frontdesk.example",
        domain="frontdesk.example",
    )


def composed(**changes: object) -> EmailMessage:
    return BytesParser(_class=EmailMessage, policy=default).parsebytes(written(**changes))


def test_given_a_chinese_notice_when_composed_then_it_reads_back_and_leads_answers_home() -> None:
    """NT-01: e-mail in zh-CN; our id is the Message-ID; a machine's mail says so (RFC 3834)."""
    mail = composed(in_reply_to="<their@mail.example>")

    assert mail["Subject"] == "投诉登记通知"
    assert mail["From"].addresses[0].display_name == "前台"
    assert mail["Reply-To"].addresses[0].addr_spec == "reply+tok3n@frontdesk.example"
    assert our_message_id(mail["Message-ID"]) == MESSAGE
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["In-Reply-To"] == "<their@mail.example>"
    assert mail["References"] == "<their@mail.example>"
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert body.get_content().strip() == "您好，您的投诉已登记。"
    assert return_path(Outbound(MESSAGE, "", "", ""), "x.example") == f"bounce+{MESSAGE.hex}@x.example"


def test_given_html_when_composed_then_the_plain_words_come_first() -> None:
    """A reader without HTML loses nothing."""
    mail = composed(html="<p>您好</p>")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=100))
def test_given_any_words_when_composed_then_no_header_is_added(subject: str, text: str, in_reply_to: str) -> None:
    """Header injection by subject or a stranger's Message-ID is impossible; nothing raises."""
    mail = composed(subject=subject, text=text, in_reply_to=in_reply_to)
    allowed = {
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version", "In-Reply-To", "References",
    }  # fmt: skip
    assert set(mail.keys()) <= allowed
    assert len(mail.keys()) == len(set(mail.keys()))


@pytest.mark.parametrize("recipient", ["guest@example.com", "guest@例子.example"])
@pytest.mark.parametrize("text", ["您好。\n第二行", "Dear Ann,\n\nwe have £5 for you.\n" + "x" * 1200, "plain\n"])
def test_given_words_of_any_kind_when_composed_then_a_reader_finds_them_and_bodies_are_ascii(
    recipient: str, text: str
) -> None:
    """No server on the way has to offer 8BITMIME; lines end by CRLF and are as short as RFC 5322 wants them."""
    mail = composed(recipient=recipient, text=text)
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert body.get_content().splitlines() == text.splitlines()
    assert mail["To"].addresses[0].addr_spec.encode("utf-8", "surrogateescape").decode() == recipient
    assert mail["Subject"] == "投诉登记通知"
    raw = written(recipient=recipient, text=text)
    assert raw.partition(b"\r\n\r\n")[2].isascii()
    assert recipient.isascii() is raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 100


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("guest@example.com", True),
        ("客人@例子.example", True),
        ("reply+tok3n@frontdesk.example", True),
        ("a b@example.com", False),
        ("a@b@c", False),
        ("a@example.com>\r\nRCPT TO:<b@example.com", False),
        ("<a@example.com>", False),
        ("a@x, b@y", False),
        ("", False),
        ("a@", False),
    ],
)
def test_given_an_address_then_only_plain_ones_fit_a_command(address: str, expected: bool) -> None:
    """Command injection is impossible."""
    assert fits(address) is expected
