"""Mail of strangers as plain values: replies, machines, lists, reports, and what tries to break us."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.sandbox.reports import report
from services.notify.receiver.mail import InboundMail
from services.notify.receiver.parsing import TooComplex, parse, read
from services.notify.receiver.quoting import without_history

AT = datetime(2026, 11, 3, tzinfo=UTC)
MESSAGE = UUID("0199a3c4-0000-7000-8000-00000000abcd")
REPLY_TO = "reply+Tok3n@frontdesk.example"
BOUNCE_TO = f"bounce+{MESSAGE.hex}@frontdesk.example"


def mail(text: str = "满意，谢谢", **fields: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    defaults = {"From": "王小明 <Guest@Example.com>", "To": REPLY_TO, "Subject": "Re: 回访"}
    for name, value in {**defaults, **{key.replace("_", "-"): each for key, each in fields.items()}}.items():
        message[name] = value
    message.set_content(text)
    return message


def parsed(message: EmailMessage | bytes, recipient: str = REPLY_TO, sender: str = "guest@example.com") -> InboundMail:
    octets = message if isinstance(message, bytes) else message.as_bytes()
    return parse(read(octets), sender, recipient, AT, dkim_aligned=False)


def test_given_a_reply_when_parsed_then_token_thread_and_words_are_there() -> None:
    """CB-19: an answer by e-mail is matched by its token or by In-Reply-To."""
    found = parsed(
        mail(
            Message_ID="<1@example.com>",
            In_Reply_To=f"<{MESSAGE}@frontdesk.example>",
            References=f"<0@example.com> <{MESSAGE}@frontdesk.example>",
        )
    )
    assert found.from_address == "guest@example.com"
    assert (found.token, found.subject, found.text) == ("Tok3n", "Re: 回访", "满意，谢谢")
    assert found.answered == (MESSAGE,)
    assert found.message_id == "<1@example.com>"
    assert (found.auto, found.bulk, found.report) == (False, False, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; x=y"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Subject": "自动回复: 回访"},
        {"Subject": "Automatic reply: survey"},
        {"Subject": "Out of office: back on Monday"},
        {"From": "MAILER-DAEMON@example.com"},
        {"From": "no-reply@example.com"},
    ],
)
def test_given_a_machines_mail_when_parsed_then_it_is_marked(fields: dict[str, str]) -> None:
    """RFC 3834: what a machine sent is never answered."""
    assert parsed(mail(**fields)).auto


def test_given_a_null_return_path_when_parsed_then_it_is_a_machines_mail() -> None:
    """RFC 3834 §2: nobody answers the null return path, and people do not write from it."""
    assert parsed(mail(), sender="").auto


@pytest.mark.parametrize(
    "fields", [{"Auto_Submitted": "no"}, {"Subject": "automatic doors are broken"}, {"Precedence": "first-class"}]
)
def test_given_a_persons_mail_when_parsed_then_it_is_not_marked(fields: dict[str, str]) -> None:
    """A complaint must not vanish as an auto-reply."""
    found = parsed(mail(**fields))
    assert not found.auto
    assert not found.bulk


@pytest.mark.parametrize("fields", [{"List_Id": "<l.example>"}, {"Precedence": "bulk"}, {"List_Unsubscribe": "<x>"}])
def test_given_a_mass_mail_when_parsed_then_it_is_marked(fields: dict[str, str]) -> None:
    """RFC 2369, RFC 2919."""
    assert parsed(mail(**fields)).bulk


@pytest.mark.parametrize(("failed", "state", "code"), [(True, "failed", "5.1.1"), (False, "delivered", "2.1.5")])
@pytest.mark.parametrize("by", ["envid", "path", "headers"])
def test_given_a_delivery_report_when_parsed_then_it_names_our_message(
    failed: bool, state: str, code: str, by: str
) -> None:
    """RFC 3464: by ENVID, by the return path, or by the returned headers."""
    sent = mail(Message_ID=f"<{MESSAGE}@frontdesk.example>")
    recipient = BOUNCE_TO if by == "path" else "bounce@frontdesk.example"
    envid = str(MESSAGE) if by == "envid" else ""
    if by != "headers":
        del sent["Message-ID"]

    found = parsed(
        report(to=recipient, envid=envid, recipient="Guest@example.com", failed=failed, about=sent),
        recipient,
        sender="",
    )

    assert found.report is not None
    assert (found.report.message_id, found.report.state, found.report.code) == (MESSAGE, state, code)
    assert found.report.recipients == ("guest@example.com",)
    assert found.report.permanent is failed
    assert found.bounce == (found.report if failed else None)
    assert found.auto


QMAIL = """\
Hi. This is the qmail-send program at example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<guest@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <x@frontdesk.example>
"""


def test_given_a_bounce_of_an_old_server_when_parsed_then_it_is_still_a_bounce() -> None:
    """flufl.bounce knows the shapes that came before RFC 3464."""
    found = parsed(mail(QMAIL, From="MAILER-DAEMON@example.com", Subject="failure notice"), BOUNCE_TO, sender="")
    assert found.bounce is not None
    assert (found.bounce.message_id, found.bounce.permanent) == (MESSAGE, True)
    assert found.bounce.recipients == ("guest@example.com",)


def test_given_a_person_who_quotes_a_bounce_when_parsed_then_it_is_a_persons_mail() -> None:
    """Otherwise anybody could have anybody's address suppressed."""
    assert parsed(mail(QMAIL)).report is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes.\n\nOn Tue, 3 Nov 2026 at 09:00, Frontdesk <s@f.example> wrote:\n> old\n", "Yes."),
        ("Yes.\n\nOn Tue, 3 Nov 2026 at 09:00, Frontdesk\n<s@f.example> wrote:\n> old\n", "Yes."),
        ("满意\n\n在 2026年11月3日 09:00，Frontdesk 写道：\n> 旧\n", "满意"),
        ("满意\n\nFrontdesk <s@f.example> 于2026年11月3日周二 09:00写道：\n旧\n", "满意"),
        ("满意\n\n2026年11月3日\nFrontdesk <s@f.example> 写道：\n旧\n", "满意"),
        ("满意\n------------------ 原始邮件 ------------------\n发件人: x\n", "满意"),
        ("满意\n-----Original Message-----\nFrom: x\n", "满意"),
        ("满意\n\n发件人：前台\n发送时间：2026年\n收件人：我\n旧\n", "满意"),
        ("From: me\nI have a question\n", "From: me\nI have a question"),
        ("Fine.\n-- \nW. Xiaoming\n", "Fine."),
        ("Fine.\n\nSent from my iPhone", "Fine."),
        ("> first question?\nyes\n> second?\nno", "yes\nno"),
        ("> only a quote", "> only a quote"),
        ("他写道：我不满意", "他写道：我不满意"),
        ("他昨天写道：\n我不满意", "他昨天写道：\n我不满意"),
        ("", ""),
    ],
)
def test_given_quoted_history_when_stripped_then_the_new_words_remain(text: str, expected: str) -> None:
    """The shapes of the usual mailers, in English and Chinese; ordinary words stay."""
    assert without_history(text) == expected


def test_given_only_html_in_gb2312_when_parsed_then_its_words_are_there() -> None:
    """QQ mail writes GBK and says GB2312."""
    octets = (
        b"From: a@example.com\r\nContent-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "<html><head><title>t</title></head><body><p>不满意</p><script>x()</script><div>第二行 镕</div>".encode("gbk")
    )
    assert parsed(octets).text == "不满意\n\n第二行 镕"


def test_given_an_attachment_first_when_parsed_then_it_is_not_taken_for_the_words() -> None:
    """Only what the person wrote counts."""
    message = mail("words")
    message.add_attachment("attached", filename="a.txt")
    assert parsed(message).text == "words"
    forwarded = EmailMessage()
    forwarded["From"] = "a@example.com"
    forwarded.add_attachment(mail("somebody else's"))
    assert parsed(forwarded).text == ""


@pytest.mark.parametrize(
    "line",
    [
        "From: =?utf-8?b?////?= <a@example.com>, b@example.com",
        "From: @@@@",
        "From: a@example.com\r\nFrom: b@example.com",
        "From: \x00a@example.com",
        "X: y",
    ],
)
def test_given_a_doubtful_sender_when_parsed_then_there_is_none_or_one(line: str) -> None:
    """Two From fields are a forgery; no name is better than a wrong one."""
    found = parsed(f"{line}\r\n\r\nwords".encode())
    assert found.from_address in ("", "a@example.com")
    if line.count("From") == 2:
        assert found.from_address == ""


def test_given_a_mail_nested_without_end_when_read_then_it_is_refused() -> None:
    """A bomb of MIME parts costs a bounded effort."""
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000))
    with pytest.raises(TooComplex):
        read(nested)
    with pytest.raises(TooComplex):
        read(b"From: a@example.com\r\n\r\n" + b"\r\n" * 300_000)
    flat = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + b"--x\r\n\r\na\r\n" * 1000
    with pytest.raises(TooComplex):
        read(flat)


header_soup = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "From",
                "To",
                "Subject",
                "Message-ID",
                "In-Reply-To",
                "References",
                "Content-Type",
                "Auto-Submitted",
                "Content-Transfer-Encoding",
                "DKIM-Signature",
                "Content-Disposition",
                "X-Failed-Recipients",
            ]
        ),
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from(
                [
                    b"multipart/report; boundary=x",
                    b"message/delivery-status",
                    b"text/plain; charset=utf-7",
                    b"base64",
                    b"=?utf-8?b?/?=",
                    b"=?nope?q?a?=",
                    b"<@@>",
                    b'text/html; charset="\x00"',
                    b"message/rfc822",
                    b"mailer-daemon@x.example",
                ]
            ),
        ),
    ),
    max_size=8,
)


@given(header_soup, st.binary(max_size=300))
def test_given_any_octets_when_parsed_then_there_are_plain_values(soup: list[tuple[str, bytes]], body: bytes) -> None:
    """Malicious input never crashes the listener, and no NUL reaches a database."""
    octets = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in soup) + b"\r\n" + body
    found = parsed(octets, BOUNCE_TO)
    assert "\0" not in found.text + found.subject + found.from_address
    words = found.text + found.subject
    assert words.encode().decode() == words
