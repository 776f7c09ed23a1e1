"""One run of one fault: load, injections, rest, check; and the figures that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.faults import witness
from tests.faults.evidence import Finding
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.scene import Scene

AROUND = timedelta(seconds=1)
"""What was written this long before and after an injection counts as hit by it."""

_WARM = timedelta(seconds=3)
REST_SECONDS = 30.0
"""How long the house has to come to rest after load and faults have ended (I5)."""
REST_PATIENCE_SECONDS = 150.0
"""How long it is watched: what comes after 30 s was late, what has not come now is lost."""


@dataclass(slots=True)
class Run:
    """What happened."""

    fault: Fault
    scene: Scene
    seed: int
    began: datetime
    injections: list[Injection] = field(default_factory=list)
    ended: datetime | None = None
    """When the load ended."""
    requests: int = 0
    events: int = 0
    late_seconds: float = 0.0
    """By which the generator was behind its own plan at worst."""
    rest_seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    sent_twice: int = 0
    sent_again: int = 0
    """Records that lie on a topic once more."""
    usual_seconds: float | None = None
    """The 99th percentile from an event to its effect before the first injection: what this machine needs anyway."""
    recovery_seconds: float | None = None
    rate_ratio: float | None = None
    measures: list[Measure] = field(default_factory=list)
    trouble: str | None = None
    """Why the run could not be made at all."""

    @property
    def ok(self) -> bool:
        """Whether every invariant and every bound holds."""
        return self.trouble is None and not self.findings and all(measure.ok for measure in self.measures)

    @property
    def seconds(self) -> float:
        """Length of the load."""
        return 0.0 if self.ended is None else (self.ended - self.began).total_seconds()

    def times(self, *kinds: str) -> int:
        """How often something of these kinds was found."""
        return sum(finding.times for finding in self.findings if finding.kind in kinds)

    def as_json(self) -> dict[str, Any]:
        """A row of `latest.json`."""
        return {
            "fault": self.fault.name,
            "events": self.events,
            "lost": self.times("lost", "late", "half done"),
            "doubled": self.times("doubled"),
            "inverted": self.times("inverted"),
            "sent_twice": self.sent_twice,
            "recovery_seconds": self.recovery_seconds,
            "rate_ratio": self.rate_ratio,
            "ok": self.ok,
            "injections": len(self.injections),
            "requests": self.requests,
            "seconds": round(self.seconds, 1),
            "events_a_second": round(self.events / self.seconds, 1) if self.seconds else 0.0,
            "sent_again": self.sent_again,
            "rest_seconds": round(self.rest_seconds, 1),
            "usual_seconds": self.usual_seconds,
            "generator_late_seconds": round(self.late_seconds, 2),
            "crashes": list(self.scene.keeper.crashes),
            "last_words": sorted(self.scene.keeper.last_words),
            "measures": [
                {"name": m.name, "value": m.value, "bound": m.bound, "at_most": m.at_most, "ok": m.ok}
                for m in self.measures
            ],
            "findings": [f"{f.invariant} {f.kind}: {f.what}" for f in self.findings[:50]],
            "trouble": self.trouble,
        }


def take_figures(run: Run) -> None:
    """Counts, recovery and rates, from what the witness saw. Reads the stores."""
    assert run.ended is not None
    stores, fault = run.scene.stores, run.fault
    run.events = witness.handled(stores, run.began, run.ended + timedelta(seconds=run.rest_seconds))
    if run.injections:
        usual = witness.slowest(stores, run.began, run.injections[0].began)
        run.usual_seconds = None if usual is None else round(usual, 2)
    if fault.recovered is not None:
        run.recovery_seconds = _recovery(run)
        name = "effective again after" if fault.from_beginning else "effective again after its end"
        run.measures.append(Measure(f"{name} (s)", run.recovery_seconds, fault.recovered))
    run.rate_ratio = _rate_ratio(run)
    if fault.rate_after is not None:
        # Some seconds of a short run are too few to tell a rate by.
        run.measures.append(Measure("rate afterwards", run.rate_ratio, fault.rate_after, False, run.scene.long))
    run.measures += fault.measured(run)


def _recovery(run: Run) -> float | None:
    """The longest of all injections: until what was written around it had taken effect everywhere it must."""
    longest = 0.0
    for injection in run.injections:
        try:
            last = witness.last_effect(
                run.scene.stores, injection.began - AROUND, injection.over + AROUND, run.fault.readers
            )
        except LookupError:
            return None
        if last is None:
            continue
        since = injection.began if run.fault.from_beginning else injection.over
        longest = max(longest, (last - since).total_seconds())
    return round(longest, 2)


def _rate_ratio(run: Run) -> float | None:
    """Events a second after the last injection and its recovery, against those before the first."""
    assert run.ended is not None
    if not run.injections:
        return None
    first, last = run.injections[0], run.injections[-1]
    again = last.over + timedelta(seconds=run.recovery_seconds or 0.0)
    before, after = first.began - (run.began + _WARM), run.ended - again
    if before < timedelta(seconds=2) or after < timedelta(seconds=2):
        return None
    stores = run.scene.stores
    rate_before = witness.handled(stores, run.began + _WARM, first.began) / before.total_seconds()
    rate_after = witness.handled(stores, again, run.ended) / after.total_seconds()
    return round(rate_after / rate_before, 3) if rate_before else None
