"""Which spans leave this process: a share of all traces, and every span that ended in an error."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from opentelemetry.util.types import Attributes

# Edges, where an error is worth a span of its own. What lies within (queries, steps) is made only for sampled traces:
# an unsampled span that records costs four times one that does not.
_RECORDED_FOR_ERRORS = frozenset({SpanKind.SERVER, SpanKind.CONSUMER, SpanKind.PRODUCER})


class ShareAndErrors(Sampler):
    """A child follows its parent; a root follows its links (a batch is kept when one of its events is) or the share.

    Edges that are not sampled are recorded all the same, so that `KeepErrors` can export those that fail.
    """

    def __init__(self, share: float) -> None:
        self._by_id = TraceIdRatioBased(share)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,  # noqa: ARG002 - part of the interface
    ) -> SamplingResult:
        parent = trace.get_current_span(parent_context).get_span_context()
        if parent.is_valid:
            sampled = parent.trace_flags.sampled
        elif links:
            sampled = any(link.context.trace_flags.sampled for link in links)
        else:
            sampled = self._by_id.should_sample(None, trace_id, name).decision is Decision.RECORD_AND_SAMPLE
        if sampled:
            decision = Decision.RECORD_AND_SAMPLE
        elif kind in _RECORDED_FOR_ERRORS:
            decision = Decision.RECORD_ONLY
        else:
            decision = Decision.DROP
        return SamplingResult(decision, attributes, parent.trace_state if parent.is_valid else None)

    def get_description(self) -> str:
        return f"ShareAndErrors({self._by_id.get_description()})"


class KeepErrors(SpanProcessor):
    """Hands sampled spans on to `exporting`, and of the others those that ended in an error."""

    def __init__(self, exporting: SpanProcessor) -> None:
        self._exporting = exporting

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self._exporting.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled:
            self._exporting.on_end(span)
        elif span.status.status_code is StatusCode.ERROR:
            self._exporting.on_end(_as_sampled(span))

    def shutdown(self) -> None:
        self._exporting.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporting.force_flush(timeout_millis)


def _as_sampled(span: ReadableSpan) -> ReadableSpan:
    """The same span, marked as sampled: exporters pass over what is not."""
    assert span.context is not None
    context = SpanContext(
        span.context.trace_id, span.context.span_id, False, TraceFlags(TraceFlags.SAMPLED), span.context.trace_state
    )
    return ReadableSpan(
        name=span.name,
        context=context,
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        events=span.events,
        links=span.links,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
