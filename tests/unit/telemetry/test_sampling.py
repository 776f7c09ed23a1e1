"""Which spans are made, by table."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from shared.telemetry.sampling import ShareAndErrors

LOW_ID, HIGH_ID = 1, 2**64 - 1


def parent(*, sampled: bool) -> Context:
    context = SpanContext(LOW_ID, 1, is_remote=True, trace_flags=TraceFlags(int(sampled)))
    return trace.set_span_in_context(NonRecordingSpan(context), Context())


@pytest.mark.parametrize(
    ("context", "trace_id", "kind", "decision"),
    [
        (parent(sampled=True), HIGH_ID, SpanKind.INTERNAL, Decision.RECORD_AND_SAMPLE),
        (parent(sampled=False), LOW_ID, SpanKind.CONSUMER, Decision.RECORD_ONLY),
        (parent(sampled=False), LOW_ID, SpanKind.CLIENT, Decision.DROP),
        (Context(), LOW_ID, SpanKind.SERVER, Decision.RECORD_AND_SAMPLE),
        (Context(), HIGH_ID, SpanKind.SERVER, Decision.RECORD_ONLY),
        (Context(), HIGH_ID, SpanKind.INTERNAL, Decision.DROP),
    ],
)
def test_parents_decide_then_the_share_and_edges_are_recorded_for_errors(
    context: Context, trace_id: int, kind: SpanKind, decision: Decision
) -> None:
    assert ShareAndErrors(0.1).should_sample(context, trace_id, "n", kind).decision is decision
