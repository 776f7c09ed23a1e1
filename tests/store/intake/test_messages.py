"""What channel messages become: a report or a case, once, from whoever it is from."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.intake.cases import commands as cases
from services.intake.channels.store import channel_message, message_row
from services.intake.parties import commands as parties
from shared.contracts.events.case_opened import CaseOpened
from shared.contracts.events.channel_message_received import Sender
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel import clock
from shared.kernel.errors import Refused
from shared.kernel.ids import derived_id, has_valid_check_digit
from shared.store.cause import Cause
from tests.store.intake.builders import House, claim, message
from tests.support.core import record


async def _rows(house: House) -> list[object]:
    return [
        await house.bench.rows(f"SELECT * FROM {table} ORDER BY 1")
        for table in ("party", "address", "party_address", "duplicate_suggestion", "channel_message", "service_case")
    ] + [await house.bench.rows("SELECT id FROM outbox ORDER BY position")]


async def test_a_complaint_becomes_a_report_of_a_new_party_and_twice_changes_nothing(house: House) -> None:
    """IN-01, IN-07: the report says that there is a phone number to call back."""
    event = message()
    once = house.numbered(event)
    await house.again(once)
    (report,) = await house.published("reports")
    assert isinstance(report, ComplaintReported)
    assert report.report_id == derived_id("report", event.message_id)
    assert report.phone_present
    (party,) = await house.published("parties")
    assert isinstance(party, PartyChanged)
    assert (report.party_id, report.address_id) == (party.party_id, party.addresses[0].address_id)
    assert not party.verified
    assert await house.bench.rows("SELECT about FROM outbox WHERE aggregatetype = 'reports'") == [
        [str(party.party_id), party.addresses[0].address_id]
    ]
    before = await _rows(house)
    await house.again(once)  # the same record again
    await house.arrive(event)  # the same message under another event id
    assert await _rows(house) == before


@pytest.mark.parametrize("purpose", ["enquiry", "unknown"])
async def test_an_enquiry_becomes_a_case_with_a_number_and_a_handler_once(house: House, purpose: str) -> None:
    event = message(
        purpose=purpose, medium="sms", channel="sms", address_verified=True, sender=Sender(phone="+8613800000002")
    )
    once = house.numbered(event)
    await house.again(once)
    (case,) = await house.published("cases")
    assert isinstance(case, CaseOpened)
    assert case.message_id == event.message_id
    assert has_valid_check_digit(case.number)
    assert case.handler_id == house.staff["amy"]
    before = await _rows(house)
    await house.again(once)
    await house.arrive(event)
    assert await _rows(house) == before
    assert await house.told("reports") == []


async def test_an_inbound_sms_confirms_the_party_that_a_form_made(house: House) -> None:
    await house.arrive(message())
    sms = message(
        medium="sms", channel="sms", purpose="unknown", address_verified=True, sender=Sender(phone="+8613800000001")
    )
    await house.arrive(sms)
    first, second = await house.published("parties")
    assert isinstance(first, PartyChanged)
    assert isinstance(second, PartyChanged)
    assert first.party_id == second.party_id
    assert second.verified
    assert second.addresses[0].verified
    assert second.name == "Li Na"


async def test_an_email_without_aligned_dkim_proves_nothing(house: House) -> None:
    await house.arrive(
        message(medium="email", channel="email", address_verified=False, sender=Sender(email="A@Example.com"))
    )
    (party,) = await house.published("parties")
    assert isinstance(party, PartyChanged)
    assert party.addresses[0].value == "a@example.com"
    assert not party.addresses[0].verified


async def test_a_form_with_a_verified_partys_number_makes_another_party_and_a_suggestion(house: House) -> None:
    known = await house.do(parties.identify, claim("Li Na", verified=True))
    await house.arrive(message())
    pairs = await house.bench.rows("SELECT party_id, other_id FROM duplicate_suggestion")
    (report,) = await house.published("reports")
    assert isinstance(report, ComplaintReported)
    assert pairs == [(report.party_id, known.id)]


async def test_two_first_messages_of_one_number_at_once_are_one_party(house: House) -> None:
    """The address row is locked before anybody is looked for."""
    one, other = message(), message()
    await asyncio.gather(house.arrive(one), house.arrive(other))
    assert await house.bench.rows("SELECT count(*) FROM party") == [1]
    assert await house.told("reports") == ["complaint-reported"] * 2


async def test_two_forms_with_a_verified_partys_number_at_once_are_one_new_party(house: House) -> None:
    await house.do(parties.identify, claim("Li Na", verified=True))
    await asyncio.gather(house.arrive(message()), house.arrive(message()))
    assert await house.bench.rows("SELECT verified, count(*) FROM party GROUP BY 1 ORDER BY 1") == [
        (False, 1),
        (True, 1),
    ]


async def test_a_message_without_any_address_is_an_anonymous_party(house: House) -> None:
    await house.arrive(message(sender=Sender()))
    (report,) = await house.published("reports")
    assert isinstance(report, ComplaintReported)
    assert report.address_id is None
    assert not report.phone_present


@pytest.mark.parametrize(("asked", "kind"), [(None, "phone"), ("email", "email"), ("phone", "phone")])
async def test_the_answer_goes_where_the_sender_asked(house: House, asked: str | None, kind: str) -> None:
    await house.arrive(message(sender=Sender(phone="+8613800000001", email="li@example.com"), reply_address=asked))
    (report,) = await house.published("reports")
    (party,) = await house.published("parties")
    assert isinstance(report, ComplaintReported)
    assert isinstance(party, PartyChanged)
    assert {one.address_id: one.kind for one in party.addresses}[report.address_id or ""] == kind


async def test_an_erased_party_is_not_revived_by_a_replay(house: House) -> None:
    event = message()
    await house.arrive(event)
    await house.bench.rows("UPDATE party SET erased_at = now(), name = NULL")
    before = await _rows(house)
    await house.arrive(event)
    assert await _rows(house) == before
    await house.arrive(message())
    erased, fresh = await house.bench.rows("SELECT id FROM party ORDER BY created_at")
    assert erased != fresh
    assert (await house.published("reports"))[-1].model_dump()["party_id"] == fresh


async def test_an_anonymous_partys_message_replayed_after_erasure_makes_nobody(house: House) -> None:
    once = house.numbered(message(sender=Sender()))
    await house.again(once)
    await house.bench.rows("UPDATE party SET erased_at = now()")
    await house.bench.rows("DELETE FROM channel_message")
    await house.bench.rows("DELETE FROM inbox_fact")
    await house.again(once)
    assert await house.told("reports") == ["complaint-reported"]
    assert await house.told("parties") == ["party-changed"]
    assert await house.bench.rows("SELECT action FROM audit WHERE action LIKE 'superseded%'") == [
        "superseded:party-erased"
    ]


async def test_a_channel_on_kafka_speaks_under_its_own_name_and_keeps_its_original(house: House) -> None:
    event = message(medium="kafka", channel="somebody-else")
    raw = event.encode()[:-1] + b',"shop":"Tmall"}'
    await house.again(record(event, source="/channels/web-form", value=raw))
    rows = await house.bench.rows("SELECT channel, original, state FROM channel_message")
    assert [(channel, bytes(original), state) for channel, original, state in rows] == [("web-form", raw, "report")]


async def test_a_source_that_is_no_channel_is_dead(house: House) -> None:
    await house.again(record(message(medium="kafka"), source="/channels/unknown"))
    assert await house.bench.rows("SELECT state, reason FROM held") == [("dead", "source-unknown")]
    assert await house.told("reports") == []


async def test_a_message_id_of_another_channel_is_refused(house: House) -> None:
    event = message()
    await house.arrive(event)
    await house.bench.rows("INSERT INTO channel VALUES ('shop', '\\x00', true, now())")
    await house.again(record(event, source="/channels/shop"))
    assert await house.bench.rows("SELECT state FROM held") == ["refused"]
    assert await house.told("reports") == ["complaint-reported"]


@pytest.mark.parametrize(
    ("channel", "left"), [("web-form", ("superseded:message-decided", None)), ("shop", (None, "refused"))]
)
async def test_a_message_that_somebody_stores_at_the_same_moment_is_dealt_with_once(
    house: House, channel: str, left: tuple[str | None, str | None]
) -> None:
    """Its row is written last, and waits there for whoever was first."""
    await house.bench.rows("INSERT INTO channel VALUES ('shop', '\\x00', true, now())")
    event = message(medium="kafka", purpose="enquiry", sender=Sender())
    async with house.bench.database.transaction(Cause.of_person()) as uow:
        uow.insert(channel_message, **message_row(event, channel) | {"state": "case"})
        await uow.flush()
        late = asyncio.create_task(house.again(record(event, source="/channels/web-form")))
        while not await house.bench.rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
    await late
    actions = await house.bench.rows("SELECT action FROM audit WHERE action LIKE 'superseded%'")
    states = await house.bench.rows("SELECT state FROM held")
    assert (next(iter(actions), None), next(iter(states), None)) == left
    assert await house.bench.rows("SELECT channel, state FROM channel_message") == [(channel, "case")]
    assert await house.told("cases") == []


async def test_a_message_older_than_its_topic_keeps_starts_nothing(house: House) -> None:
    await house.again(record(message(), source="/services/intake", age=timedelta(days=8)))
    assert await house.bench.rows("SELECT count(*) FROM channel_message") == [0]


async def test_the_ticket_number_reaches_the_message_once_its_party_is_known_here(house: House) -> None:
    event = message()
    await house.arrive(event)
    (report,) = await house.published("reports")
    assert isinstance(report, ComplaintReported)
    now = clock.now()
    opened = ComplaintOpened(
        ticket_id=uuid4(),
        report_id=report.report_id,
        message_id=event.message_id,
        number="T1",
        category="other",
        severity="minor",
        channel="web-form",
        party_id=report.party_id,
        opened_at=now,
        first_reply_due=now,
        solution_due=now,
    )
    once = house.numbered(opened)
    await house.again(once)
    assert await house.bench.rows("SELECT state, reason FROM held") == [("waiting", "needs parties")]
    await house.read_back()
    await house.bench.held.run_due()
    await house.again(once)
    assert await house.bench.rows("SELECT ticket_number, version FROM channel_message") == [("T1", 3)]


async def test_a_case_is_closed_once_by_a_person(house: House) -> None:
    await house.arrive(message(purpose="enquiry"))
    (case_id,) = await house.bench.rows("SELECT id FROM service_case")
    closed = await house.do(cases.close_case, case_id, by=house.staff["amy"])
    assert (closed.state, closed.closed_by, closed.version) == ("closed", house.staff["amy"], 2)
    with pytest.raises(Refused) as refused:
        await house.do(cases.close_case, case_id, by=house.staff["amy"])
    assert refused.value.code == "case-state"
    assert await house.told("cases") == ["case-opened", "case-closed"]


async def test_reading_a_file_is_recorded(house: House) -> None:
    """CF-08."""
    party = await house.do(parties.identify, claim("Li Na"))
    await house.do(parties.read_file, party.id, by=house.staff["amy"])
    assert await house.bench.rows("SELECT actor, subject_id FROM audit WHERE action = 'read-file'") == [
        (str(house.staff["amy"]), str(party.id))
    ]
