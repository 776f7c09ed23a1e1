"""All faults, in the order in which they are run."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.matrix import kills

FAULTS: tuple[Fault, ...] = (*kills.FAULTS,)
