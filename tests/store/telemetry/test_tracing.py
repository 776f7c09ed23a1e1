"""Traces, seen by a real OTLP receiver: one id from a request to a provider, errors always, no personal data."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.otlp import Received, otlp_receiver
from tests.support.scripts import run_script

BEGIN = """
import asyncio, json
from datetime import UTC, datetime
from opentelemetry.trace import SpanKind
from shared.contracts.envelope import Envelope
from shared.runtime.settings import CommonSettings
from shared.store.creation_context import current_traceparent
from shared.telemetry import metrics, spans, tracing

telemetry = tracing.configure("complaints", ("consumer",), CommonSettings())

def envelope(traceparent):
    return Envelope(id="e-1", source="/services/intake", type="complaint-reported", topic="reports", key="k",
                    time=datetime.now(UTC), dataschema="", correlation_id="c-1", traceparent=traceparent)

"""
END = "\ntelemetry.shutdown()\n"

WHOLE_WAY = """
from fastapi import FastAPI
import httpx
from shared.telemetry.instrumenting import instrument_app

app = FastAPI()
carried = {}

@app.get("/reports/{report_id}")
async def report(report_id: str):
    carried["request"] = current_traceparent()

instrument_app(app)

async def request():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        await client.get("/reports/secret-token?name=Zhang", headers={"user-agent": "Zhang San's phone"})

asyncio.run(request())
with spans.sending("reports", [carried["request"]], 1):
    pass
with spans.processing_batch("reports", "frontdesk-complaints", [carried["request"], None], 2):
    with spans.processing(envelope(carried["request"]), "frontdesk-complaints", partition=2, offset=7):
        carried["reaction"] = current_traceparent()
with spans.firing("reminder", carried["reaction"], "c-1"):
    carried["timer"] = current_traceparent()
with spans.delivering(carried["timer"], "sms", "smpp"):
    with spans.answered("sms", "smpp", "accepted"):
        pass
"""


@pytest.fixture
def otlp() -> Iterator[Received]:
    with otlp_receiver() as received:
        yield received


@pytest.fixture(scope="module")
def whole_way() -> Iterator[Received]:
    """What arrived of one request, its reaction, a timer and a provider's answer; all sampled."""
    with otlp_receiver() as received:
        run(received, WHOLE_WAY)
        yield received


def run(otlp: Received, code: str, share: float = 1) -> str:
    """Runs the script and returns what it printed; everything was exported when this returns."""
    ended = run_script(
        BEGIN + code + END, {"FRONTDESK_OTLP_ENDPOINT": otlp.endpoint, "FRONTDESK_TRACE_SHARE": str(share)}
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_one_trace_goes_from_the_request_to_the_providers_answer(whole_way: Received) -> None:
    (request,) = whole_way.named("GET /reports/{report_id}")
    (reaction,) = [span for span in whole_way.named("process reports") if span.parent_id]
    (timer,) = whole_way.named("fire reminder")
    (delivery,) = whole_way.named("deliver sms")
    (answer,) = whole_way.named("answer sms")
    chain = [request, reaction, timer, delivery, answer]
    assert {span.trace_id for span in chain} == {request.trace_id}
    assert [span.parent_id for span in chain] == ["", *(span.span_id for span in chain[:-1])]
    assert [span.kind for span in chain] == ["SERVER", "CONSUMER", "CONSUMER", "CLIENT", "CONSUMER"]


def test_batches_are_roots_linked_to_the_contexts_of_creation(whole_way: Received) -> None:
    (request,) = whole_way.named("GET /reports/{report_id}")
    (sent,) = whole_way.named("send reports")
    (batch,) = [span for span in whole_way.named("process reports") if not span.parent_id]
    for span in (sent, batch):
        assert span.links == [(request.trace_id, request.span_id)]
        assert span.parent_id == ""
        assert span.trace_id != request.trace_id
    assert sent.kind == "PRODUCER"
    assert {span.span_id for span in whole_way.trace(request.trace_id)} == {span.span_id for span in whole_way.spans}


def test_spans_follow_the_messaging_conventions(whole_way: Received) -> None:
    """OpenTelemetry semantic conventions for messaging; ids of events, none of people."""
    (reaction,) = [span for span in whole_way.named("process reports") if span.parent_id]
    assert reaction.service == "frontdesk-complaints"
    assert reaction.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "reports",
        "messaging.destination.partition.id": "2",
        "messaging.consumer.group.name": "frontdesk-complaints",
        "messaging.kafka.offset": 7,
        "messaging.message.id": "e-1",
        "messaging.message.conversation_id": "c-1",
        "frontdesk.event.type": "complaint-reported",
    }


def test_paths_queries_agents_and_addresses_of_callers_are_not_exported(whole_way: Received) -> None:
    """A path may hold a one-subject token, a query a name; the address is a person's."""
    (request,) = whole_way.named("GET /reports/{report_id}")
    assert request.attributes["http.route"] == "/reports/{report_id}"
    assert request.attributes["http.response.status_code"] == 200
    sent = b"".join(whole_way.raw)
    for secret in (b"Zhang", b"secret-token", b"127.0.0.1"):
        assert secret not in sent


def test_a_trace_that_is_not_sampled_is_passed_on_but_not_exported(otlp: Received) -> None:
    printed = run(otlp, WHOLE_WAY + "print(json.dumps(carried))", share=0)

    carried = json.loads(printed)
    assert otlp.spans == []
    assert {traceparent.split("-")[1] for traceparent in carried.values()} == {carried["request"].split("-")[1]}
    assert {int(traceparent.split("-")[3], 16) & 1 for traceparent in carried.values()} == {0}


def test_an_error_is_exported_although_its_trace_is_not_sampled(otlp: Received) -> None:
    run(
        otlp,
        """
parent = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-00"
try:
    with spans.processing(envelope(parent), "g"):
        raise ValueError("Zhang San")
except ValueError:
    pass
""",
        share=0,
    )

    (span,) = otlp.spans
    assert (span.trace_id, span.parent_id, span.failed) == ("ab" * 16, "cd" * 8, True)
    assert span.attributes["error.type"] == "ValueError"
    assert b"Zhang" not in b"".join(otlp.raw)


@pytest.mark.parametrize("share", [0, 1])
def test_a_request_that_crashes_is_exported_without_the_exceptions_text(otlp: Received, share: float) -> None:
    run(
        otlp,
        """
from fastapi import FastAPI
import httpx
from shared.telemetry.instrumenting import instrument_app

app = FastAPI()

@app.get("/crash")
async def crash():
    raise ValueError("Zhang San 13800138000")

instrument_app(app)

async def request():
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        await client.get("/crash")

asyncio.run(request())
""",
        share=share,
    )

    (span,) = otlp.spans
    assert span.failed
    assert span.status_message == ""
    assert ("exception", {"exception.type": "ValueError"}) in span.events
    assert b"Zhang" not in b"".join(otlp.raw)


def test_a_batch_is_sampled_when_one_of_its_events_is(otlp: Received) -> None:
    run(
        otlp,
        """
sampled = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
unsampled = "00-" + "ef" * 16 + "-" + "cd" * 8 + "-00"
with spans.processing_batch("with", "g", [unsampled, sampled, "nonsense", None], 4):
    pass
with spans.processing_batch("without", "g", [unsampled], 1):
    pass
""",
        share=0,
    )

    (span,) = otlp.spans
    assert span.name == "process with"
    assert span.links == [("ab" * 16, "cd" * 8)]


def test_a_full_batch_keeps_all_its_links(otlp: Received) -> None:
    """A batch has up to 200 events; the SDK's default of 128 links would drop the rest."""
    run(
        otlp,
        """
made = [f"00-{n:032x}-{n:016x}-01" for n in range(1, 201)]
with spans.processing_batch("reports", "g", made, 200):
    pass
""",
    )

    assert len(otlp.spans[0].links) == 200


def test_metrics_are_exported_under_their_names(otlp: Received) -> None:
    run(otlp, 'metrics.RELAYED.add(3, topic="tickets")\nmetrics.OUTBOX_AGE.set(1.5)\nmetrics.LOOP_LAG.record(0.1)')

    assert otlp.metrics["frontdesk.relay.events"] == [{"topic": "tickets"}]
    assert {"frontdesk.outbox.oldest.age", "frontdesk.loop.lag"} <= set(otlp.metrics)


def test_without_an_endpoint_nothing_is_traced_but_a_callers_context_is_passed_on() -> None:
    ended = run_script(
        BEGIN
        + """
parent = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
with spans.processing(envelope(parent), "g"):
    print(current_traceparent())
with spans.processing(envelope(None), "g"):
    print(current_traceparent())
print(telemetry.on)
"""
        + END
    )

    assert ended.stdout.split() == ["00-" + "ab" * 16 + "-" + "cd" * 8 + "-01", "None", "False"]


def test_a_collector_that_is_away_does_not_keep_a_process_from_leaving() -> None:
    ended = run_script(
        BEGIN + "with spans.processing(envelope(None), 'g'):\n    pass" + END,
        {
            "FRONTDESK_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "FRONTDESK_TRACE_SHARE": "1",
        },
    )

    assert ended.returncode == 0
