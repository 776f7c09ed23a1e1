"""One trace from an HTTP request through all four services to the provider's answer."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from deploy.local.demo import complaints
from deploy.local.demo.cast import WEB, Cast
from deploy.local.demo.desk import Desk
from tests.journeys.ledger import balance
from tests.support.house import House
from tests.support.otlp import Received


async def test_given_a_complaint_when_it_is_answered_then_one_trace_runs_from_each_request_to_the_providers_answer(
    house: House, desk: Desk, cast: Cast, telemetry: Received
) -> None:
    """The request's trace goes through the outbox, and every span's parent and link is a span that was sent."""
    person = cast.with_phone()
    with _traced(desk) as reporting:
        message = await complaints.complain(desk, person, 0)
    ticket = await complaints.ticket_of(desk, WEB, message)
    await complaints.accept(desk, ticket)
    with _traced(desk) as resolving:
        await complaints.resolve(desk, ticket, again=0)
    question = (await desk.received(person, 2))[1]
    await balance(house)

    for (trace, client), own, linked in (
        (reporting, {"intake", "complaints", "callbacks", "notify"}, set()),
        (resolving, {"complaints", "callbacks", "notify"}, {"intake"}),
    ):
        whole = partial(_is_whole, trace=trace, client=client, own=own, linked=linked)
        assert telemetry.wait_until(whole, 60), _told(telemetry, trace)
    (trace, client), (later, _) = reporting, resolving
    (root,) = [span for span in telemetry.spans if span.parent_id == client]
    assert (root.service, root.name, root.kind) == ("frontdesk-intake", "POST /channel-messages", "SERVER")
    assert "fire callback-due" in {span.name for span in telemetry.spans if span.trace_id == later}
    assert _answers(telemetry, trace) == {("frontdesk-notify", "sms", "accepted")}
    assert question["text"]
    links = partial(_dangling, traces={trace, later})
    # A process tells of its spans some time after their end: a batch may be heard of before what it links to.
    assert telemetry.wait_until(lambda received: not links(received), 60), links(telemetry)
    assert _linked(telemetry, {trace, later}) == {
        f"frontdesk-{name}" for name in ("intake", "complaints", "callbacks", "notify")
    }


@contextmanager
def _traced(desk: Desk) -> Iterator[tuple[str, str]]:
    """Requests within are a client's sampled trace: (trace id, the client's span id)."""
    trace, client = secrets.token_hex(16), secrets.token_hex(8)
    before, desk.headers = desk.headers, {"traceparent": f"00-{trace}-{client}-01"}
    yield trace, client
    desk.headers = before


def _is_whole(received: Received, trace: str, client: str, own: set[str], linked: set[str]) -> bool:
    """Whether `own` services have spans of that id up to the provider's answer, and batches of `linked` point to it."""
    here = [span for span in received.spans if span.trace_id == trace]
    known = {client, *(span.span_id for span in here)}
    return (
        {f"frontdesk-{name}" for name in own} == {span.service for span in here}
        and {f"frontdesk-{name}" for name in own | linked} == {span.service for span in received.trace(trace)}
        and any(span.name.startswith("answer") for span in here)
        and all(span.parent_id in known for span in here)
    )


def _answers(received: Received, trace: str) -> set[tuple[str, str, str]]:
    return {
        (span.service, span.attributes["frontdesk.channel"], span.attributes["frontdesk.outcome"])
        for span in received.spans
        if span.trace_id == trace and span.name.startswith("answer")
    }


def _dangling(received: Received, traces: set[str]) -> list[str]:
    """Spans with a link into these traces that leads to no span."""
    known = {(span.trace_id, span.span_id) for span in received.spans}
    return [
        span.name
        for span in list(received.spans)
        if any(link[0] in traces and link not in known for link in span.links)
    ]


def _linked(received: Received, traces: set[str]) -> set[str]:
    """Services with a span that links into these traces."""
    return {span.service for span in list(received.spans) if any(link[0] in traces for link in span.links)}


def _told(received: Received, trace: str) -> str:
    return "\n".join(sorted(f"{span.service} {span.name} {span.parent_id}" for span in received.trace(trace)))
