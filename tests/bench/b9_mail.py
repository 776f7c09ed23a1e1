"""B9: mails a second to a mail server that takes them as fast as they come: composing and the SMTP dialogue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.bench.environment import Environment
from tests.bench.ledger import once_each
from tests.bench.mail_sink import MailSink
from tests.bench.pairing import Outcome, Sides
from tests.bench.scale import Scale

_SIDES = ("tests.bench.programs.mail_ours", "tests.bench.peers.p1_mail", "tests.bench.limits.bare_mail")


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """One sink for all; each run is a process of its own."""
    sink = MailSink.start(environment)
    try:
        yield Sides(*(partial(_run, environment, sink, module, scale.mails) for module in _SIDES))
    finally:
        sink.program.stop()


async def _run(environment: Environment, sink: MailSink, module: str, count: int) -> Outcome:
    mark, result = sink.mark(), environment.file("result")
    program = environment.program(module, BENCH_PORT=str(sink.port), BENCH_EVENTS=str(count), BENCH_RESULT=str(result))
    told = await program.result(result)
    program.stop()
    wrong = once_each("mails", {f"ann.{number}@people.example" for number in range(count)}, _recipients(sink, mark))
    if told["count"] != count:
        wrong.append(f"{told['count']:.0f} of {count} accepted")
    return Outcome({"rate": count / told["seconds"]}, cpu=told["cpu"] / count * 1000, wrong=tuple(wrong))


def _recipients(sink: MailSink, mark: int) -> list[str]:
    return [mail.recipient for mail in sink.since(mark)]
