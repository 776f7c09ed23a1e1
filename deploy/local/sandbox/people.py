"""Answers as the sandbox's people give them: a mail that quotes what it answers."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, make_msgid

from deploy.local.sandbox.inbox import Received
from shared.kernel import clock


def answer(received: Received, text: str, *, auto: bool = False, quote: bool = True) -> EmailMessage:
    """The mail that the reader of `received` sends back; `auto` makes it an out-of-office note (RFC 3834)."""
    subject = received.subject
    quoted = "".join(f"> {line}\n" for line in received.text.splitlines())
    history = f"\n\n在 {received.at:%Y年%m月%d日 %H:%M}，Frontdesk 写道：\n{quoted}" if quote else ""
    mail = letter(
        sender=received.recipient,
        recipient=received.reply_to or received.sender,
        subject=f"自动回复: {subject}" if auto else f"Re: {subject}",
        text=f"{text}{history}",
    )
    mail["In-Reply-To"] = received.reference
    mail["References"] = received.reference
    if auto:
        mail["Auto-Submitted"] = "auto-replied"
    return mail


def letter(*, sender: str, recipient: str, subject: str, text: str) -> EmailMessage:
    """A mail out of the blue."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = make_msgid(domain="sandbox.example")
    mail.set_content(text)
    return mail


def address(mail: EmailMessage) -> str:
    """The plain address that a mail goes to."""
    return getaddresses([str(mail["To"])])[0][1]
