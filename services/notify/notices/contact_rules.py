"""Notices about complaints, callbacks and cases, a row each."""

from __future__ import annotations

from services.notify.notices.model import Audience, Ending, Field, Instant, Rule, Withdrawal
from shared.contracts.events.callback_completed import CallbackCompleted
from shared.contracts.events.callback_due import CallbackDue
from shared.contracts.events.callback_given_up import CallbackGivenUp
from shared.contracts.events.case_opened import CaseOpened
from shared.contracts.events.complaint_assigned import ComplaintAssigned
from shared.contracts.events.complaint_judged import ComplaintJudged
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_reopened import ComplaintReopened

_TICKET = ("ticket", "ticket_id")
_CASE = ("case", "case_id")
_CALLBACK = ("callback", "callback_id")

CONTACT_RULES: tuple[Rule, ...] = (
    # complaints (NT-11, NT-12, NT-24)
    Rule(
        "complaint-acknowledged",
        ComplaintOpened,
        (Audience.PARTY,),
        "complaint-acknowledged",
        "answer",
        _TICKET,
        values={"number": Field("number"), "first_reply_due": Instant("first_reply_due")},
        caused_at="reported_at",
        answers="message_id",
        acknowledges=True,
        must_reach=True,
    ),
    Rule(
        "complaint-explained",
        ComplaintJudged,
        (Audience.PARTY,),
        "complaint-explained",
        "service",
        _TICKET,
        values={"number": Field("number")},
        when=lambda event: not event.valid,
        must_reach=True,
    ),
    Rule(
        "complaint-assigned",
        ComplaintAssigned,
        (Audience.HANDLER,),
        "complaint-assigned",
        "service",
        _TICKET,
        values={"number": Field("number")},
    ),
    Rule(
        "complaint-reopened",
        ComplaintReopened,
        (Audience.HANDLER, Audience.SUPERVISOR),
        "complaint-reopened",
        "service",
        _TICKET,
        occasion="resolution_no",
        values={"number": Field("number")},
        caused_at="reopened_at",
    ),
    Rule(
        "complaint-reopened-again",
        ComplaintReopened,
        (Audience.QUALITY, Audience.DEPARTMENT_HEAD),
        "complaint-reopened-again",
        "service",
        _TICKET,
        occasion="resolution_no",
        values={"number": Field("number"), "times": Field("times_reopened")},
        when=lambda event: event.times_reopened >= 2,
        caused_at="reopened_at",
    ),
    # callbacks (NT-21)
    Rule(
        "callback-ticket",
        CallbackDue,
        (Audience.PARTY,),
        "callback-ticket",
        "survey",
        _CALLBACK,
        occasion="attempt",
        values={"number": Field("subject_number"), "answer_until": Instant("answer_until")},
        when=lambda event: event.mode == "message" and event.subject_kind == "ticket",
        caused_at="due",
        useless_from="answer_until",
        asks_until="answer_until",
        must_reach=True,
    ),
    Rule(
        "callback-visit",
        CallbackDue,
        (Audience.PARTY,),
        "callback-visit",
        "survey",
        _CALLBACK,
        occasion="attempt",
        values={"answer_until": Instant("answer_until")},
        when=lambda event: event.mode == "message" and event.subject_kind == "visit",
        caused_at="due",
        useless_from="answer_until",
        asks_until="answer_until",
        must_reach=True,
    ),
    # cases (NT-11)
    Rule(
        "case-acknowledged",
        CaseOpened,
        (Audience.PARTY,),
        "case-acknowledged",
        "answer",
        _CASE,
        values={"number": Field("number")},
        caused_at="received_at",
        answers="message_id",
        acknowledges=True,
    ),
)

CONTACT_WITHDRAWALS = (
    Withdrawal(CallbackCompleted, _CALLBACK, "cancel"),
    Withdrawal(CallbackGivenUp, _CALLBACK, "cancel"),
)

ENDINGS: tuple[Ending, ...] = (Ending(CallbackCompleted, _CALLBACK), Ending(CallbackGivenUp, _CALLBACK))
