"""A real OTLP/HTTP receiver: keeps what exporters send, decoded from protobuf."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


@dataclass(frozen=True)
class ReceivedSpan:
    """One span. Ids are hex; `parent_id` is empty for a root; `links` are (trace id, span id)."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    status_message: str
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    links: list[tuple[str, str]]


@dataclass
class Received:
    """Everything that has arrived so far."""

    endpoint: str
    spans: list[ReceivedSpan] = field(default_factory=list)
    metrics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Metric name → the attributes of each of its points."""
    raw: list[bytes] = field(default_factory=list)
    """The bodies as they came, to be searched for what must not be in them."""
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def named(self, name: str) -> list[ReceivedSpan]:
        """The spans of that name."""
        return [span for span in self.spans if span.name == name]

    def trace(self, trace_id: str) -> list[ReceivedSpan]:
        """The spans of one trace, and those linked to it."""
        return [
            span
            for span in self.spans
            if span.trace_id == trace_id or any(linked == trace_id for linked, _ in span.links)
        ]

    def wait_until(self, holds: Callable[[Received], bool], within: float = 30) -> bool:
        """Waits until `holds`; False where it does not within so many seconds."""
        with self.arrived:
            return self.arrived.wait_for(lambda: holds(self), within)


@contextmanager
def otlp_receiver() -> Iterator[Received]:
    """Listens on a free port of 127.0.0.1; set FRONTDESK_OTLP_ENDPOINT to `.endpoint`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    received = Received(f"http://127.0.0.1:{server.server_port}")
    server.received = received  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        received: Received = self.server.received  # type: ignore[attr-defined]
        with received.arrived:
            received.raw.append(body)
            if self.path == "/v1/traces":
                received.spans += _spans(body)
            elif self.path == "/v1/metrics":
                _add_metrics(received.metrics, body)
            received.arrived.notify_all()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing: tests tell what they saw."""


def _spans(body: bytes) -> list[ReceivedSpan]:
    return [
        ReceivedSpan(
            service=_values(resource.resource.attributes)["service.name"],
            name=span.name,
            kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            failed=span.status.code == Status.STATUS_CODE_ERROR,
            status_message=span.status.message,
            attributes=_values(span.attributes),
            events=[(event.name, _values(event.attributes)) for event in span.events],
            links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        )
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _add_metrics(metrics: dict[str, list[dict[str, Any]]], body: bytes) -> None:
    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                data = getattr(metric, str(metric.WhichOneof("data")))
                metrics.setdefault(metric.name, []).extend(_values(point.attributes) for point in data.data_points)


def _values(attributes: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in attributes}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return None if kind is None else getattr(value, kind)
