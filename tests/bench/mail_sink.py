"""The sink of mails as the harness sees it: a process, and what it has taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.bench.environment import Environment
from tests.bench.processes import Program


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that the sink answered 250 to, at an instant of `time.monotonic`."""

    recipient: str
    message_id: str
    at: float


@dataclass(frozen=True, slots=True)
class MailSink:
    """A running sink."""

    program: Program
    port: int
    _file: Path

    @classmethod
    def start(cls, environment: Environment) -> MailSink:
        """Starts one."""
        port, file = environment.port(), environment.file("mails")
        program = environment.program("tests.bench.programs.mail_sink", BENCH_PORT=str(port), BENCH_RESULT=str(file))
        program.wait_said()
        return cls(program, port, file)

    def mark(self) -> int:
        """Where what it has taken ends now."""
        return self._file.stat().st_size

    def since(self, mark: int) -> list[Mail]:
        """What came after a mark."""
        with self._file.open(encoding="utf-8") as file:
            file.seek(mark)
            rows = [line.split() for line in file if line.endswith("\n")]
        return [Mail(recipient, message_id, float(at)) for recipient, message_id, at in rows]
