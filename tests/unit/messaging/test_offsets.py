"""Offsets that are done and could not be committed are asked for again, and never set back."""

from __future__ import annotations

from typing import Any

import pytest
from faust.types import TP

from shared.messaging.lanes import BatchConsumer

ONE, TWO = TP("tickets", 0), TP("tickets", 1)


class Consumer(BatchConsumer):
    """Without Faust around it: `answer` is what a commit comes to, and what happens meanwhile."""

    def __init__(self, answer: Any, mine: set[TP]) -> None:
        self.done = {ONE: 5, TWO: 7}
        self.asked: list[dict[TP, int]] = []
        self._answer = answer
        self._mine = mine

    def assignment(self) -> set[TP]:
        return self._mine

    async def _commit_offsets(self, offsets: dict[TP, int], **_: Any) -> bool:
        self.asked.append(dict(offsets))
        return bool(self._answer(self))


def refused(consumer: Consumer) -> bool:
    consumer.done[ONE] = 6  # a lane has gone on meanwhile
    return False


def broken(consumer: Consumer) -> bool:
    raise ConnectionError


async def test_given_a_commit_that_is_not_made_then_its_offsets_are_kept_and_never_go_backwards() -> None:
    consumer = Consumer(refused, {ONE, TWO})
    assert not await consumer.force_commit()
    assert consumer.done == {ONE: 6, TWO: 7}


async def test_given_a_commit_that_raises_then_its_offsets_are_kept() -> None:
    consumer = Consumer(broken, {ONE, TWO})
    with pytest.raises(ConnectionError):
        await consumer.force_commit()
    assert consumer.done == {ONE: 5, TWO: 7}


async def test_given_a_partition_that_is_somebody_elses_now_then_its_offset_is_forgotten() -> None:
    consumer = Consumer(lambda _consumer: False, {TWO})
    await consumer.force_commit()
    assert consumer.done == {TWO: 7}


async def test_a_commit_that_is_made_is_not_made_again() -> None:
    consumer = Consumer(lambda _consumer: True, {ONE, TWO})
    assert await consumer.force_commit()
    assert not await consumer.force_commit()
    assert consumer.asked == [{ONE: 5, TWO: 7}]
