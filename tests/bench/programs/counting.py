"""Counts events inside a process under measurement, and writes down how long so many took."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import perf_counter, process_time


class Counting:
    """From the first event to the one of number BENCH_EVENTS; then it is told."""

    def __init__(self) -> None:
        self._wanted = int(os.environ["BENCH_EVENTS"])
        self._count = 0
        self._began = self._cpu = 0.0

    def one_more(self, many: int = 1) -> None:
        """Counts."""
        if self._count == 0:
            self._began, self._cpu = perf_counter(), process_time()
        before, self._count = self._count, self._count + many
        if before < self._wanted <= self._count:
            tell(perf_counter() - self._began, process_time() - self._cpu, self._count)


def tell(seconds: float, cpu: float, count: int) -> None:
    """Leaves seconds, CPU-seconds and the number of events in the file BENCH_RESULT, whole or not at all."""
    result = Path(os.environ["BENCH_RESULT"])
    draft = result.with_suffix(".new")
    draft.write_text(json.dumps({"seconds": seconds, "cpu": cpu, "count": count}))
    draft.replace(result)
