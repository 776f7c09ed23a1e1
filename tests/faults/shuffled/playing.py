"""One order of one journey: what is possible is collected, and one of it is done, until nothing is.

Records of a thing come to a reader in their order; everything else comes in any: topics, things, readers, sizes of
batches, timers, answers and receipts of providers, and acts. But an act waits until notify has read and sent what there
is: what has not gone out is taken back by the next act (that is a rule), so whether a person has it
is a matter of when, not of order.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from uuid import uuid4

from services.notify.attempts import commands as attempts
from services.notify.providers.result import Accepted, Receipt
from services.notify.receipts import commands as receipts
from services.notify.sender.claiming import Call, claim_due
from services.notify.settings import settings as notify_settings
from shared.kernel import clock
from shared.store.cause import Cause
from tests.faults.shuffled import endstate
from tests.faults.shuffled.house import House
from tests.faults.shuffled.journeys import Journey

_MOST_STEPS = 3_000
_ON_ITS_WAY = (
    "SELECT 1 FROM message WHERE state IN ('accepted', 'scheduled', 'sending') UNION ALL "
    "SELECT 1 FROM held WHERE state = 'waiting'"
)

Choice = Callable[[], Awaitable[bool]]
"""Does something; False where there was nothing to do after all."""


class NeverEnds(Exception):
    """The journey did not come to its end, or to rest. The text says where it stands."""


class Order:
    """`rng` draws who goes next; without one, everything goes in the order in which it was written."""

    def __init__(self, house: House, journey: Journey, rng: random.Random | None) -> None:
        self._house = house
        self._journey = journey
        self._rng = rng
        self._acts = list(journey.acts)
        self._calls: list[Call] = []
        self._accepted: list[str] = []
        self._fresh: set[str] = set(house.members)
        """Services in which something has happened since their clock, their sender or an act last found nothing."""
        self._sender = uuid4()
        self.delivered = 0

    async def play(self) -> endstate.Picture:
        """To the end; returns what is stored then. Raises NeverEnds."""
        for _ in range(_MOST_STEPS):
            if not await self._step():
                break
        else:
            raise NeverEnds(f"{self._journey.name}: no rest after {_MOST_STEPS} steps")
        if self._acts:
            raise NeverEnds(f"{self._journey.name}: nobody can do what follows: {len(self._acts)} acts are left")
        for service, query in self._journey.ends:
            if not await self._house.rows(service, query):
                raise NeverEnds(f"{self._journey.name}: has not come to its end in {service}")
        return await endstate.picture(self._house)

    async def _step(self) -> bool:
        """One of the things that can happen; False at rest."""
        choices: list[tuple[float, Choice]] = self._deliveries()
        later = float("inf")
        choices += [(later, lambda call=call: self._answer(call)) for call in self._calls]  # type: ignore[misc]
        choices += [(later, lambda one=one: self._receipt(one)) for one in self._accepted]  # type: ignore[misc]
        choices += [(later, lambda one=one: self._clock(one)) for one in sorted(self._fresh)]  # type: ignore[misc]
        if self._acts:
            choices.append((later, self._act))
        while choices:
            place = self._drawn(choices)
            _, choice = choices.pop(place)
            if await choice():
                return True
        return False

    def _drawn(self, choices: list[tuple[float, Choice]]) -> int:
        if self._rng is not None:
            return self._rng.randrange(len(choices))
        return min(range(len(choices)), key=lambda place: choices[place][0])

    def _deliveries(self) -> list[tuple[float, Choice]]:
        return [
            (queue[0][0], lambda lane=lane: self._deliver(*lane))  # type: ignore[misc]
            for lane, queue in sorted(self._house.waiting.items())
            if queue
        ]

    async def _deliver(self, reader: str, topic: str, key: str) -> bool:
        """A batch: some of this thing's records, now and then with those of other things on the topic."""
        records = []
        lanes = [(reader, topic, key)]
        if self._rng is not None:
            others = [lane for lane, queue in sorted(self._house.waiting.items()) if queue and lane[:2] == lanes[0][:2]]
            lanes += [lane for lane in others if lane != lanes[0] and self._rng.random() < 0.3]
        for lane in lanes:
            queue = self._house.waiting[lane]
            count = 1 if self._rng is None else self._rng.randint(1, len(queue))
            records += [queue.popleft()[1] for _ in range(count)]
        self.delivered += len(records)
        await self._house.deliver(reader, records)
        self._fresh.add(reader)
        return True

    async def _clock(self, service: str) -> bool:
        """Timers that are due, held events that are, and in notify the sender's claims."""
        member = self._house.members[service]
        done = await member.timers.fire_due() if await member.timers.any_due() else 0
        await member.held.look_for_needs()
        done += await member.held.run_due()
        if service == "notify":
            for channel in ("sms", "email"):
                async with member.database.transaction(Cause("shuffled")) as uow:
                    claimed = await claim_due(uow, channel, 50, self._sender, notify_settings())  # type: ignore[arg-type]
                self._calls += claimed
                done += len(claimed)
        await self._house.relay(service)
        if not done:
            self._fresh.discard(service)
        return bool(done)

    async def _answer(self, call: Call) -> bool:
        self._calls.remove(call)
        provider_id = f"p-{call.outbound.message_id}"
        database = self._house.members["notify"].database
        async with database.transaction(Cause("shuffled")) as uow:
            await attempts.finish(uow, [call.answered(Accepted((provider_id,)))], notify_settings())
        if call.channel == "sms":
            self._accepted.append(provider_id)
        return await self._happened()

    async def _receipt(self, provider_id: str) -> bool:
        self._accepted.remove(provider_id)
        async with self._house.members["notify"].database.transaction(Cause.of_person()) as uow:
            told = Receipt(provider_id, "delivered", "000", clock.now())
            await receipts.receive(uow, "sms", told, notify_settings())
        return await self._happened()

    async def _happened(self) -> bool:
        self._fresh.add("notify")
        await self._house.relay("notify")
        return True

    async def _act(self) -> bool:
        act = self._acts[0]
        if self._calls or any(lane[0] == "notify" and queue for lane, queue in self._house.waiting.items()):
            return False
        if await self._house.rows("notify", _ON_ITS_WAY):
            return False
        rows = await self._house.rows(act.service, act.ready)
        if not rows:
            return False
        self._acts.pop(0)
        await act.do(self._house, rows[0])
        self._fresh.add(act.service)
        return True
