"""Logs: one JSON object per line on standard output, with time, level, service, role, trace, event and correlation id.

Our own lines carry ids, never what people wrote. Libraries speak from WARNING on, through the same form, rate-limited;
of exceptions only what `shared.telemetry.errors` tells is written.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog
from opentelemetry import trace
from structlog.typing import EventDict, FilteringBoundLogger

from shared.kernel import clock
from shared.telemetry import metrics
from shared.telemetry.buckets import Buckets
from shared.telemetry.errors import describe, summary

MAX_LIBRARY_TEXT = 500
_FIRST = ("time", "level", "service", "role", "logger", "message")


def logger(name: str) -> FilteringBoundLogger:
    """A logger for the module `name`: `log.info("relay leads", lease=…)`. Values are ids, counts and words of ours."""
    made: FilteringBoundLogger = structlog.get_logger(name)
    return made


def about(**ids: object) -> AbstractContextManager[None]:
    """Puts ids on every line within: `with about(event_id=…, correlation_id=…)`."""
    return structlog.contextvars.bound_contextvars(**ids)


def in_role(role: str) -> None:
    """Puts `role` on every line of the running task."""
    structlog.contextvars.bind_contextvars(role=role)


def configure(service: str, roles: tuple[str, ...], *, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sets up this process's logs, uncaught exceptions and warnings included. May be called again."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _add_logger_name,
            _add_trace,
            _reduce_exception,
            _Line(service, "+".join(roles)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Writer.factory(stream or sys.stdout),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Libraries()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda failed: _uncaught(failed.exc_type, failed.exc_value, failed.exc_traceback)


def uncaught_in_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's exception handler: its own one prints the exception's repr, and with it what people wrote."""
    logger("asyncio").error(str(context.get("message", ""))[:MAX_LIBRARY_TEXT], exc_info=context.get("exception"))


class _Writer(structlog.WriteLogger):
    """Writes lines, and knows the name under which it was asked for."""

    name = "frontdesk"

    @classmethod
    def factory(cls, stream: TextIO) -> Callable[..., _Writer]:
        def make(*names: str) -> _Writer:
            made = cls(stream)
            if names:
                made.name = names[0]
            return made

        return make


def _add_logger_name(writer: _Writer, _method: str, event: EventDict) -> EventDict:
    event["logger"] = writer.name
    return event


class _Line:
    """The last processor: fixed fields first, then JSON. Values that JSON does not know are written as text."""

    def __init__(self, service: str, roles: str) -> None:
        self.service = service
        self.roles = roles

    def __call__(self, _logger: object, _method: str, event: EventDict) -> str:
        line: dict[str, Any] = {"time": clock.now(), "service": self.service, "role": self.roles, **event}
        line["message"] = line.pop("event")
        ordered = {name: line.pop(name) for name in _FIRST if name in line} | line
        return orjson.dumps(ordered, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _add_trace(_logger: object, _method: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event


def _reduce_exception(_logger: object, _method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = describe(error)
    # A value that is an exception would be written with its text.
    for name, value in event.items():
        if isinstance(value, BaseException):
            event[name] = summary(value)
    return event


class _Libraries(logging.Handler):
    """Where libraries' lines go: rate-limited, exceptions reduced, one line each."""

    def __init__(self) -> None:
        super().__init__()
        self.buckets = Buckets()

    def emit(self, record: logging.LogRecord) -> None:
        for name, level, count in self.buckets.quiet_again():
            _tell_suppressed(name, level, count)
        suppressed = self.buckets.admit(record.name, record.levelname)
        if suppressed is None:
            return
        if suppressed:
            _tell_suppressed(record.name, record.levelname, suppressed)
        logger(record.name).log(record.levelno, _library_text(record), exc_info=record.exc_info)


def _tell_suppressed(name: str, level: str, count: int) -> None:
    metrics.LOG_SUPPRESSED.add(count, logger=name)
    logger(name).warning(f"suppressed {count} lines", suppressed=count, suppressed_level=level.lower())


def _library_text(record: logging.LogRecord) -> str:
    text = _without_values(record.msg)
    if record.args:
        args = record.args
        try:
            if isinstance(args, tuple):
                text = str(text) % tuple(_without_values(arg) for arg in args)
            else:
                text = str(text) % {name: _without_values(arg) for name, arg in args.items()}
        except (TypeError, ValueError, KeyError):
            text = f"{text} (arguments do not fit)"
    # One line: what follows is a repr or a traceback, which may hold values.
    return str(text).strip().partition("\n")[0][:MAX_LIBRARY_TEXT]


def _without_values(value: Any) -> Any:
    if isinstance(value, BaseException):
        return summary(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    return value


def _uncaught(_kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    logger("frontdesk").critical("uncaught exception", exc_info=error)
