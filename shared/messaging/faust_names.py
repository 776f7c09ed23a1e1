"""Refuses to start on a Faust or aiokafka whose names or versions `lanes.py` was not written and tested for."""

from __future__ import annotations

from importlib.metadata import version

import faust.streams
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.transport import base
from faust.transport.drivers import aiokafka as driver

VERSIONS = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}

NAMES = {
    base.Transport: ("Consumer", "Fetcher"),
    driver.Consumer: (
        "_commit_offsets",
        "force_commit",
        "verify_event_path",
        "on_init",
        "_wait_next_records",
        "flow_active",
        "perform_seek",
        "on_buffer_full",
        "on_buffer_drop",
        "maybe_wait_for_commit_to_finish",
        "commit",
        "assignment",
        "highwater",
        "earliest_offsets",
    ),
    driver.AIOKafkaConsumerThread: ("_consumer",),
    GroupCoordinator: ("_maybe_leave_group",),
    faust.App: ("_fetcher", "consumer", "on_partitions_revoked", "flow_control", "rebalancing", "crashed"),
}


class WrongFaust(Exception):
    """The installed packages are not those that this build was tested with."""


def check_faust() -> None:
    """Raises WrongFaust with a sentence that says what differs and what to do."""
    for package, wanted in VERSIONS.items():
        if version(package) != wanted:
            raise WrongFaust(f"{package} is {version(package)}, not {wanted}; install from requirements.lock")
    for owner, names in NAMES.items():
        for name in names:
            if not hasattr(owner, name):
                raise WrongFaust(f"{owner.__name__}.{name} is gone; see shared/messaging/lanes.py")
    if faust.streams._CStreamIterator is None:
        # The Python fallback acknowledges events of an older generation after a rebalance.
        raise WrongFaust(
            "Faust's Cython extension is missing; install the wheel for this Python from requirements.lock"
        )
