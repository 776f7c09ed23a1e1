"""Logs: one JSON object per line, ids on each, nothing of what people wrote."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import BaseModel

from shared.kernel import clock
from shared.kernel.errors import Refused
from shared.telemetry import logs

PERSON = "Zhang San 13800138000"


class Form(BaseModel):
    age: int


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure("complaints", ("consumer", "relay"), stream=stream)
    yield stream
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = before
    logging.captureWarnings(False)


def lines(output: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_has_time_level_service_role_logger_and_ids(output: io.StringIO) -> None:
    with logs.about(event_id="e-1", correlation_id="c-1"):
        logs.logger("shared.messaging.relay").info("batch sent", rows=3)

    (line,) = lines(output)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "service": "complaints",
        "role": "consumer+relay",
        "logger": "shared.messaging.relay",
        "message": "batch sent",
        "rows": 3,
        "event_id": "e-1",
        "correlation_id": "c-1",
    }


async def test_each_roles_task_tells_its_own_role(output: io.StringIO) -> None:
    async def work(role: str) -> None:
        logs.in_role(role)
        await asyncio.sleep(0)
        logs.logger("x").info("works")

    await asyncio.gather(asyncio.create_task(work("relay")), asyncio.create_task(work("clock")))

    assert sorted(line["role"] for line in lines(output)) == ["clock", "relay"]


def test_a_library_speaks_in_the_same_form_from_warning_on(output: io.StringIO) -> None:
    logging.getLogger("aiokafka.conn").info("connected")
    logging.getLogger("aiokafka.conn").warning("lost %s", "node 1")

    (line,) = lines(output)
    assert (line["logger"], line["level"], line["message"]) == ("aiokafka.conn", "warning", "lost node 1")


def test_a_library_that_says_one_thing_thousands_of_times_is_cut_short_and_counted(
    output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """facts.md: a broker that is away makes aiokafka log thousands of ERROR lines."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    for _ in range(5000):
        logging.getLogger("aiokafka").error("node 1 is away")
    logging.getLogger("faust").error("something else")
    assert [line["logger"] for line in lines(output)] == ["aiokafka"] * 20 + ["faust"]

    now[0] += 2
    logging.getLogger("aiokafka").error("node 1 is away")

    told, again = lines(output)[-2:]
    assert (told["logger"], told["suppressed"], told["message"]) == ("aiokafka", 4980, "suppressed 4980 lines")
    assert again["message"] == "node 1 is away"


def test_a_storm_that_is_over_is_told_by_whoever_speaks_next(
    output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    for _ in range(25):
        logging.getLogger("aiokafka").error("node 1 is away")
    now[0] += 60

    logging.getLogger("faust").warning("hello")

    assert [(line["logger"], line.get("suppressed")) for line in lines(output)[-2:]] == [
        ("aiokafka", 5),
        ("faust", None),
    ]


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"not a number: {PERSON}"),
        KeyError(PERSON),
        LookupError(PERSON),
        OSError(2, "No such file", PERSON),
        ExceptionGroup(PERSON, [ValueError(PERSON)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_is_told_without_its_text(error: BaseException, output: io.StringIO) -> None:
    logs.logger("x").error("failed", exc_info=raised(error))
    logging.getLogger("library").error("failed: %r", error, exc_info=error)
    logging.getLogger("library").error(error)

    assert "Zhang" not in output.getvalue()
    assert "13800138000" not in output.getvalue()
    told = lines(output)[0]["error"]
    assert told["class"] == type(error).__name__
    assert told["frames"][-1].endswith("raised")


def test_a_schema_error_tells_its_kinds_and_not_its_input(output: io.StringIO) -> None:
    try:
        Form.model_validate({"age": PERSON})
    except ValueError as error:
        logs.logger("x").error("failed", exc_info=error)

    assert lines(output)[0]["error"]["code"] == "Form: int_parsing"
    assert "Zhang" not in output.getvalue()


def test_a_cause_is_told_too(output: io.StringIO) -> None:
    try:
        try:
            raise ValueError(PERSON)
        except ValueError as cause:
            raise RuntimeError("the batch was rolled back") from cause
    except RuntimeError as error:
        logs.logger("x").error("failed", exc_info=error)

    told = lines(output)[0]["error"]
    assert (told["class"], told["text"]) == ("RuntimeError", "the batch was rolled back")
    assert told["cause"]["class"] == "ValueError"
    assert "Zhang" not in output.getvalue()


def test_a_refusal_tells_its_code(output: io.StringIO) -> None:
    logs.logger("x").warning("refused", exc_info=raised(Refused("ticket-state")))

    assert lines(output)[0]["error"]["code"] == "ticket-state"


async def test_a_task_nobody_awaited_does_not_print_its_exception(output: io.StringIO) -> None:
    """asyncio's own handler prints the task's repr, with the exception's text in it."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.uncaught_in_loop)
    error = raised(ValueError(PERSON))

    loop.call_exception_handler({"message": "Task exception was never retrieved", "exception": error})

    (line,) = lines(output)
    assert line["message"] == "Task exception was never retrieved"
    assert line["error"]["class"] == "ValueError"
    assert "Zhang" not in output.getvalue()


def test_what_a_library_writes_after_the_first_line_and_bytes_are_left_out(output: io.StringIO) -> None:
    logging.getLogger("library").error("bad record %s\nvalue: %s", b"Zhang San", PERSON)

    assert lines(output)[0]["message"] == "bad record <9 bytes>"


def test_arguments_that_do_not_fit_do_not_break_the_line(output: io.StringIO) -> None:
    # Handed to our handler alone: pytest's own handler, beside it, raises here.
    ours = logging.getLogger().handlers[0]
    ours.handle(logging.LogRecord("library", logging.ERROR, "", 0, "%d things", ("many",), None))

    assert "do not fit" in lines(output)[0]["message"]
