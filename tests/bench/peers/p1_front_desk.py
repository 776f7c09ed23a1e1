"""P1's events: FastStream handlers with a transaction per event, and an SMTP connection per mail.

`intake` makes party and case of a message and publishes through the outbox; `notify` writes the mail down, sends it and
notes the answer. Offsets are committed after the handler: at least once, as ours.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
import orjson
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from sqlalchemy import Identity, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from tests.bench.peers.p1_models import Base, ChannelMessage, InboxFact, Outbox, now, sessions

broker = KafkaBroker(os.environ["BENCH_BOOTSTRAP"], log_level=logging.WARNING)
make_session = sessions(os.environ["BENCH_DATABASE"])
role = sys.argv[1]


class Party(Base):
    """Somebody who wrote to us."""

    __tablename__ = "party"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    language: Mapped[str]
    zone: Mapped[str]
    member: Mapped[bool]
    verified: Mapped[bool]
    liaison_ids: Mapped[list[str]]
    created_at: Mapped[datetime]
    version: Mapped[int]


class Address(Base):
    """An address and its id."""

    __tablename__ = "address"
    address_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    value: Mapped[str]


class PartyAddress(Base):
    """Whose address it is."""

    __tablename__ = "party_address"
    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    address_id: Mapped[str] = mapped_column(primary_key=True)
    verified: Mapped[bool]


class Case(Base):
    """An enquiry that somebody answers."""

    __tablename__ = "service_case"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    message_id: Mapped[UUID]
    party_id: Mapped[UUID]
    address_id: Mapped[str | None]
    channel: Mapped[str]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    version: Mapped[int]


class Mail(Base):
    """A mail of ours and what became of it."""

    __tablename__ = "p1_mail"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


async def is_new(session: AsyncSession, message: KafkaMessage) -> bool:
    """Whether the event was not handled before; from here on it is."""
    fresh = await session.scalar(
        insert(InboxFact)
        .values(
            consumer=f"p1-{role}",
            source=message.headers["ce_source"],
            id=message.headers["ce_id"],
            body_hash=b"",
            received_at=now(),
        )
        .on_conflict_do_nothing()
        .returning(InboxFact.id)
    )
    return fresh is not None


async def open_case(event: dict[str, Any], message: KafkaMessage) -> None:
    """A case of a message, from somebody whom we may know."""
    async with make_session() as session, session.begin():
        if not await is_new(session, message):
            return
        email = event["sender"]["email"]
        link = await session.scalar(select(PartyAddress).where(PartyAddress.address_id == email))
        party_id = link.party_id if link else uuid4()
        if link is None:
            session.add(Address(address_id=email, kind="email", value=email))
            await session.flush()
            session.add(
                Party(
                    id=party_id,
                    kind="person",
                    name=event["sender"]["name"],
                    language=event["language"],
                    zone=event["zone"],
                    member=False,
                    verified=False,
                    liaison_ids=[],
                    created_at=now(),
                    version=1,
                )
            )
            await session.flush()
            session.add(PartyAddress(party_id=party_id, address_id=email, verified=False))
        number = await session.scalar(select(func.nextval("case_number")))
        case = Case(
            id=uuid4(),
            number=f"C-2026-{number:07d}",
            message_id=UUID(event["message_id"]),
            party_id=party_id,
            address_id=email,
            channel=event["channel"],
            state="open",
            opened_at=now(),
            version=1,
        )
        session.add(case)
        stored = await session.get_one(ChannelMessage, case.message_id, with_for_update=True)
        stored.state, stored.version = "case", stored.version + 1
        session.add(opened(case, email, event["sender"]["name"], message))


def opened(case: Case, email: str, name: str, message: KafkaMessage) -> Outbox:
    """The case's event, with all that notify needs: a topic less than ours."""
    event_id = str(uuid4())
    body = {"case_id": str(case.id), "number": case.number, "email": email, "name": name}
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": "/services/intake",
        "ce_type": "case-opened",
        "ce_correlationid": message.headers["ce_correlationid"],
        "content-type": "application/json",
    }
    return Outbox(
        id=event_id,
        aggregatetype="cases",
        aggregateid=str(case.id),
        type="case-opened",
        payload=orjson.dumps(body),
        headers=headers,
        about=[],
        created_at=now(),
    )


async def acknowledge(event: dict[str, Any], message: KafkaMessage) -> None:
    """Writes the mail down, sends it over a connection of its own, notes that it was taken."""
    async with make_session() as session:
        async with session.begin():
            if not await is_new(session, message):
                return
            mail = Mail(
                recipient=event["email"],
                subject=f"We have received your enquiry {event['number']}",
                text=f"Dear {event['name']},\n\nwe have received your enquiry {event['number']}.\n",
                state="sending",
                created_at=now(),
            )
            session.add(mail)
        await aiosmtplib.send(composed(mail), hostname="127.0.0.1", port=int(os.environ["BENCH_SMTP_PORT"]))
        async with session.begin():
            session.add(mail)
            mail.state, mail.sent_at = "sent", now()


def composed(mail: Mail) -> EmailMessage:
    """As the standard library writes it."""
    message = EmailMessage()
    message["From"] = "frontdesk@frontdesk.example"
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Message-ID"] = f"<p1-{mail.id}@frontdesk.example>"
    message.set_content(mail.text)
    return message


async def main() -> None:
    """One role of P1."""
    topic, handler = {"intake": ("channel-messages", open_case), "notify": ("cases", acknowledge)}[role]
    if role == "notify":
        async with make_session() as session, session.begin():
            connection = await session.connection()
            await connection.run_sync(lambda sync: Base.metadata.tables["p1_mail"].create(sync))
    broker.subscriber(
        os.environ["BENCH_TOPIC_PREFIX"] + topic,
        group_id=f"p1-{role}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )(handler)
    app = FastStream(broker)

    @app.after_startup
    async def _tell() -> None:
        print("ready", flush=True)  # noqa: T201 - the harness waits for it

    await app.run()


if __name__ == "__main__":
    asyncio.run(main())
