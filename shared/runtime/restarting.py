"""When a process that has died is started again: at once after a good life, else ever later."""

from __future__ import annotations

import random

from shared.runtime.plan import Plan


class Restarting:
    """The deaths of one process in a row, none after a life of `plan.well_after`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.deaths = 0

    def wait_after(self, lived: float) -> float:
        """Seconds until the next start of a process that has died after `lived` seconds."""
        self.deaths = 1 if lived >= self._plan.well_after else self.deaths + 1
        waits = self._plan.restart_after
        # Jitter: processes that died of one cause do not all come back in the same instant.
        return waits[min(self.deaths, len(waits)) - 1] * random.uniform(0.8, 1.2)
