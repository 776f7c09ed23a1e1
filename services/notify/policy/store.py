"""What is known about messages at the moment of sending, for all of a claim in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from services.notify.messages.model import Message
from services.notify.notices.rules import by_name
from services.notify.policy import model as policy
from services.notify.policy.model import Facts
from shared.store.unit_of_work import UnitOfWork

# Only what a message's rule and category ask about is counted.
_FACTS = text(
    """
    SELECT asked.id,
        EXISTS (SELECT FROM copy c WHERE c.topic = 'parties' AND c.key = asked.party AND c.gone) AS erased,
        (SELECT n.refused FROM consent n WHERE n.address_id = asked.address_id) AS refused,
        CASE WHEN asked.midnight IS NULL THEN 0 ELSE (
            SELECT count(*) FROM message m WHERE m.address_id = asked.address_id AND m.category = ANY(:capped)
            AND (m.submitted_at >= asked.midnight OR m.state IN ('sending', 'in_doubt'))
        ) END AS capped_today,
        CASE WHEN asked.acknowledges IS NULL THEN 0 ELSE (
            SELECT count(*) FROM message m WHERE m.address_id = asked.address_id AND m.rule = asked.acknowledges
            AND m.accepted_at >= :an_hour_ago AND m.state <> 'suppressed' AND m.id <> asked.id
        ) END AS acknowledgements
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:parties AS text[]), CAST(:address_ids AS text[]),
        CAST(:midnights AS timestamptz[]), CAST(:acknowledges AS text[])
    ) AS asked (id, party, address_id, midnight, acknowledges)
    """
)
_OF_STAFF = Facts(erased=False, refused=frozenset(), capped_today=0, acknowledgements=0)


async def of(uow: UnitOfWork, messages: Sequence[Message]) -> dict[UUID, Facts]:
    """The facts about each message, as the database has them before any of these is sent."""
    found = {message.id: _OF_STAFF for message in messages}
    asked = [message for message in messages if message.recipient_kind != "staff"]
    if asked:
        now = uow.now
        given = {
            "ids": [message.id for message in asked],
            "parties": [str(message.recipient_id) for message in asked],
            "address_ids": [message.address_id for message in asked],
            "midnights": [policy.midnight(now, ZoneInfo(m.zone)) if policy.is_capped(m) else None for m in asked],
            "acknowledges": [m.rule if by_name(m.rule).acknowledges else None for m in asked],
            "capped": list(policy.CAPPED),
            "an_hour_ago": now - policy.ACKNOWLEDGED_WITHIN,
        }
        for row in await uow.execute(_FACTS, given):
            found[row.id] = Facts(row.erased, frozenset(row.refused or ()), row.capped_today, row.acknowledgements)
    return found
