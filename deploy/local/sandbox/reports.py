"""Delivery reports as mail servers write them (RFC 3464)."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from shared.kernel import clock


def report(*, to: str, envid: str, recipient: str, failed: bool, about: EmailMessage) -> EmailMessage:
    """A success or failure report with the headers of the mail it is about."""
    mail = EmailMessage()
    mail["From"] = "Mail Delivery System <mailer-daemon@sandbox.example>"
    mail["To"] = to
    mail["Subject"] = "Undelivered Mail Returned to Sender" if failed else "Successful Mail Delivery Report"
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = make_msgid(domain="sandbox.example")
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content("This is the mail system of the sandbox.\n")
    mail.make_mixed()
    mail.set_type("multipart/report")
    mail.set_param("report-type", "delivery-status")
    mail.attach(_status(envid, recipient, failed))
    headers = EmailMessage()
    headers.set_content("".join(f"{name}: {value}\n" for name, value in about.items()))
    headers.set_type("text/rfc822-headers")
    del headers["MIME-Version"]
    mail.attach(headers)
    return mail


def _status(envid: str, recipient: str, failed: bool) -> EmailMessage:
    about_all, about_one = EmailMessage(), EmailMessage()
    about_all["Reporting-MTA"] = "dns; sandbox.example"
    if envid:
        about_all["Original-Envelope-Id"] = envid
    about_one["Final-Recipient"] = f"rfc822; {recipient}"
    about_one["Action"] = "failed" if failed else "delivered"
    about_one["Status"] = "5.1.1" if failed else "2.1.5"
    part = EmailMessage()
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([about_all, about_one])
    return part
