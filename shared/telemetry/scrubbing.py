"""The last gate before spans leave: only attributes known to hold no personal data pass.

The instrumentations of FastAPI and SQLAlchemy put addresses, paths with one-subject tokens, and the texts of exceptions
(with PostgreSQL's DETAIL) on their spans; there is no switch for that, so it is taken off here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status

_KEPT = frozenset(
    {
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "error.type",
        "exception.type",
        "server.address",
        "server.port",
        "url.scheme",
        "network.protocol.version",
    }
)
_KEPT_FROM = ("messaging.", "frontdesk.", "db.")


class Scrubbing(SpanExporter):
    """Scrubs, then exports through `exporter`. Runs in the exporter's thread, not where spans are made."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_scrubbed(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _scrubbed(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes),
        events=[Event(event.name, _kept(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if name in _KEPT or name.startswith(_KEPT_FROM)}
