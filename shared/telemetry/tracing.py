"""Traces: one from an HTTP request through every service to the provider's answer.

Off, and free of cost, unless an OTLP endpoint is set. A trace goes through the outbox: an event carries the context in
which it was made (`ce_traceparent`), and its reaction's span is a child of that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context as current
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.runtime.settings import CommonSettings
from shared.telemetry.errors import class_name

Attribute = str | int | float | bool

# A batch has at most 200 events; the default of 128 would drop links.
_MAX_LINKS = 512
_METRICS_EVERY_MS = 15_000
_EXPORT_TIMEOUT = 5.0

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("frontdesk")


class Telemetry:
    """What `configure` started; `shutdown` sends what is left."""

    def __init__(self, traces: object = None, meters: object = None) -> None:
        self._parts = [part for part in (traces, meters) if part is not None]

    @property
    def on(self) -> bool:
        """Whether anything is exported."""
        return bool(self._parts)

    def shutdown(self) -> None:
        """Exports what is left (a few seconds at most) and ends the exporters' threads."""
        for part in self._parts:
            part.shutdown()  # type: ignore[attr-defined]


def configure(service: str, roles: tuple[str, ...], settings: CommonSettings) -> Telemetry:
    """Starts exporters where `otlp_endpoint` is set. Once per process, after any fork: exporters have threads."""
    if settings.otlp_endpoint is None:
        return Telemetry()
    # Loaded here only: exporters cost memory and start-up time.
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from shared.telemetry.sampling import KeepErrors, ShareAndErrors
    from shared.telemetry.scrubbing import Scrubbing

    # The instrumentations' present names (http.request.method, db.query.text) instead of those before 1.0.
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
    resource = Resource.create(
        {
            "service.name": f"frontdesk-{service}",
            "service.version": settings.code_version,
            "service.instance.id": f"{service}-{'-'.join(roles)}-{os.getpid()}",
            "frontdesk.roles": list(roles),
        }
    )
    base = settings.otlp_endpoint.rstrip("/")
    spans = OTLPSpanExporter(endpoint=f"{base}/v1/traces", timeout=_EXPORT_TIMEOUT)
    traces = TracerProvider(
        sampler=ShareAndErrors(settings.trace_share),
        resource=resource,
        span_limits=SpanLimits(max_links=_MAX_LINKS),
        shutdown_on_exit=False,
    )
    traces.add_span_processor(KeepErrors(BatchSpanProcessor(Scrubbing(spans))))
    trace.set_tracer_provider(traces)
    numbers = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", timeout=_EXPORT_TIMEOUT)
    reader = PeriodicExportingMetricReader(numbers, export_interval_millis=_METRICS_EVERY_MS)
    meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    metrics.set_meter_provider(meters)
    return Telemetry(traces, meters)


@contextmanager
def start_from(
    traceparent: str | None, name: str, kind: SpanKind, attributes: Mapping[str, Attribute | None] | None = None
) -> Iterator[Span]:
    """A span whose parent is the context of creation in `traceparent`; without one, a trace of its own.

    Where that context is not sampled, no span is made (it would cost a third of the consumer's speed), but the context
    is passed on to what is published within; an exception makes one after the fact. Attributes that are None are left
    out.
    """
    parent = _context_of(traceparent)
    if parent is not None and not _span_of(parent).get_span_context().trace_flags.sampled:
        with _passed_on(parent, name, kind, attributes) as span:
            yield span
        return
    with (
        _tracer.start_as_current_span(
            name,
            # An empty context, not the running one: what began elsewhere is no child of the loop that picks it up.
            context=parent or Context(),
            kind=kind,
            attributes=_present(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span,
        _errors_on(span),
    ):
        yield span


def is_off() -> bool:
    """Whether nothing is traced, neither by us nor by who called us: then spans that nobody sees would be a sixth of a
    consumer's work.
    """
    off = isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    return off and not trace.get_current_span().get_span_context().is_valid


@contextmanager
def batch_span(
    name: str,
    traceparents: Iterable[str | None],
    attributes: Mapping[str, Attribute | None] | None = None,
    *,
    kind: SpanKind = SpanKind.CONSUMER,
) -> Iterator[Span]:
    """One span for a batch, a root with a link to each sampled event's context of creation."""
    contexts = () if is_off() else (_context_of(traceparent) for traceparent in traceparents)
    made = (_span_of(context).get_span_context() for context in contexts if context is not None)
    links = [Link(context) for context in made if context.trace_flags.sampled]
    with (
        _tracer.start_as_current_span(
            name,
            context=Context(),
            kind=kind,
            links=links,
            attributes=_present(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span,
        _errors_on(span),
    ):
        yield span


@contextmanager
def step(
    name: str, kind: SpanKind = SpanKind.INTERNAL, attributes: Mapping[str, Attribute | None] | None = None
) -> Iterator[Span]:
    """A span within the running one."""
    with (
        _tracer.start_as_current_span(
            name, kind=kind, attributes=_present(attributes), record_exception=False, set_status_on_exception=False
        ) as span,
        _errors_on(span),
    ):
        yield span


def failed(span: Span, error: BaseException) -> None:
    """Marks `span` as ended by `error`, by its class only."""
    span.set_attribute("error.type", class_name(error))
    span.set_status(Status(StatusCode.ERROR))


@contextmanager
def _passed_on(
    parent: Context, name: str, kind: SpanKind, attributes: Mapping[str, Attribute | None] | None
) -> Iterator[Span]:
    began = time.time_ns()
    token = current.attach(parent)
    try:
        yield _span_of(parent)
    except Exception as error:
        late = _tracer.start_span(name, parent, kind, _present(attributes), start_time=began)
        failed(late, error)
        late.end()
        raise
    finally:
        current.detach(token)


@contextmanager
def _errors_on(span: Span) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        failed(span, error)
        raise


def _context_of(traceparent: str | None) -> Context | None:
    """The context that a header names; None where there is none or it is broken."""
    if traceparent is None:
        return None
    context = _propagator.extract({"traceparent": traceparent}, Context())
    return context if _span_of(context).get_span_context().is_valid else None


def _span_of(context: Context) -> Span:
    return trace.get_current_span(context)


def _present(attributes: Mapping[str, Attribute | None] | None) -> dict[str, Attribute]:
    return {name: value for name, value in (attributes or {}).items() if value is not None}
