"""All faults, in the order in which they are run."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.matrix import broker, cluster, database, deploys, kills, poison, repeats, scaling, stops, wiped

FAULTS: tuple[Fault, ...] = (
    *kills.FAULTS,
    *broker.FAULTS,
    *database.FAULTS,
    *stops.FAULTS,
    *repeats.FAULTS,
    *poison.FAULTS,
    *scaling.FAULTS,
    *deploys.FAULTS,
    *wiped.FAULTS,
    *cluster.FAULTS,
)
