"""The three kinds of metric, as thin as they can be. The rows are in `metrics.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from opentelemetry.metrics import get_meter

Attribute = str | int | bool

_meter = get_meter("frontdesk")


class Metric:
    """One row: its name, its unit (UCUM; `{event}` counts things) and one sentence."""

    kind: ClassVar[str]

    def __init__(self, name: str, unit: str, sentence: str) -> None:
        self.name = name
        self.unit = unit
        self.sentence = sentence


class Count(Metric):
    """Only grows."""

    kind = "counter"

    def __init__(self, name: str, unit: str, sentence: str) -> None:
        super().__init__(name, unit, sentence)
        self._counter = _meter.create_counter(name, unit, sentence)

    def add(self, amount: int = 1, **attributes: Attribute) -> None:
        """Counts `amount` more."""
        self._counter.add(amount, attributes)


class Spread(Metric):
    """How values are spread: a histogram with bounds of ours."""

    kind = "histogram"

    def __init__(self, name: str, unit: str, sentence: str, bounds: Sequence[float]) -> None:
        super().__init__(name, unit, sentence)
        self._histogram = _meter.create_histogram(name, unit, sentence, explicit_bucket_boundaries_advisory=bounds)

    def record(self, value: float, **attributes: Attribute) -> None:
        """Records one value."""
        self._histogram.record(value, attributes)


class Level(Metric):
    """What stands now."""

    kind = "gauge"

    def __init__(self, name: str, unit: str, sentence: str) -> None:
        super().__init__(name, unit, sentence)
        self._gauge = _meter.create_gauge(name, unit, sentence)

    def set(self, value: float, **attributes: Attribute) -> None:
        """Says what stands now."""
        self._gauge.set(value, attributes)
