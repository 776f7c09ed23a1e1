"""Whatever people plan, ask, grant, withdraw and change: no line passes above its cap unseen."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.intake.budgets.model import Exemption, Planned, check
from services.intake.standards.kinds import Bound
from services.intake.standards.lines import Lines, Stay
from shared.kernel import clock
from shared.kernel.errors import Refused
from shared.kernel.money import Money, total
from tests.unit.intake.standard_sets import shipped_lines

_ITEMS = ["meals", "meals", "meals", "lodging", "lodging", "car", "yacht"]
"""Meals most often: they have a cap at each level, by the rank of the host."""
_STAFF = [UUID(int=number) for number in (1, 2, 3)]
_NOW = clock.now()

people = st.sampled_from(_STAFF)
items = st.sampled_from(_ITEMS)
amounts = st.integers(0, 40_000_00).map(lambda minor: Money(minor, "CNY"))


class Budgets(RuleBasedStateMachine):
    """One visit under T3, whose lodging of C is not offered and whose car nobody has confirmed."""

    def __init__(self) -> None:
        super().__init__()
        self.level, self.host_rank, self.stay, self.edition = "B", "manager", Stay(3, 2), 1
        self.plan: list[Planned] = []
        self.exemptions: list[Exemption] = []
        self.granted_by: dict[UUID, UUID] = {}

    @property
    def lines(self) -> Lines:
        """What the standard says of the visit as it is now."""
        found = shipped_lines("T3", self.level, self.stay, host_rank=self.host_rank)
        return replace(found, edition=self.edition)

    def planned(self, item: str) -> Money:
        """All that is planned for an item."""
        return total((each.amount for each in self.plan if each.item == item), "CNY")

    @rule(item=items, amount=amounts, quantity=st.none() | st.integers(1, 30))
    def plans(self, item: str, amount: Money, quantity: int | None) -> None:
        self.plan.append(Planned(item, amount, quantity))

    @precondition(lambda self: self.plan)
    @rule(which=st.integers(0, 100))
    def drops(self, which: int) -> None:
        del self.plan[which % len(self.plan)]

    @rule(item=items, beside=st.sampled_from([-1, 0, 1, 10_000_00]), by=people)
    def asks(self, item: str, beside: int, by: UUID) -> None:
        """For as much as is planned now, nearly as much, or more."""
        up_to = Money(max(0, self.planned(item).minor + beside), "CNY")
        named = {"exemption_id": UUID(int=len(self.exemptions) + 10), "visit_id": UUID(int=9), "reason": "because"}
        if item == "yacht":
            with pytest.raises(Refused):
                Exemption.asked(self.lines, item, up_to, **named, by=by, at=_NOW)  # type: ignore[arg-type]
            return
        asked = Exemption.asked(self.lines, item, up_to, **named, by=by, at=_NOW)  # type: ignore[arg-type]
        self.exemptions.append(asked)

    @rule(beside=st.sampled_from([-1, 0, 1]))
    def asks_and_gets(self, beside: int) -> None:
        """What goes well: otherwise few runs would come to anything granted."""
        self.asks("meals", beside, _STAFF[0])
        self.decides(len(self.exemptions) - 1, "grant", _STAFF[1])

    @precondition(lambda self: self.exemptions)
    @rule(which=st.integers(0, 100), command=st.sampled_from(["grant", "refuse", "withdraw"]), by=people)
    def decides(self, which: int, command: str, by: UUID) -> None:
        place = which % len(self.exemptions)
        one = self.exemptions[place]
        ended = one.state in ("refused", "withdrawn") or (one.state == "granted" and command != "withdraw")
        if ended or (command != "withdraw" and by == one.asked_by):
            with pytest.raises(Refused) as refused:
                one.followed(command, by=by, at=_NOW)  # type: ignore[arg-type]
            assert refused.value.code == ("budget-exemption-state" if ended else "own-request")
            return
        self.exemptions[place] = one.followed(command, by=by, at=_NOW)  # type: ignore[arg-type]
        if command == "grant":
            assert one.id not in self.granted_by, "granted twice"
            self.granted_by[one.id] = by

    @rule(
        level=st.sampled_from("ABC"),
        host_rank=st.sampled_from(["director", "manager", "marketing"]),
        guests=st.integers(1, 20),
        nights=st.integers(0, 5),
    )
    def changes(self, level: str, host_rank: str, guests: int, nights: int) -> None:
        self.level, self.host_rank, self.stay = level, host_rank, Stay(guests, nights)

    @rule()
    def judges_anew_under_the_next_edition(self) -> None:
        self.edition += 1

    @invariant()
    def nobody_grants_their_own(self) -> None:
        for one in self.exemptions:
            if one.state == "granted":
                assert one.decided_by != one.asked_by

    @invariant()
    def what_passes_is_within_its_cap_or_granted_as_it_is(self) -> None:
        lines, verdict = self.lines, check(self.lines, self.plan, self.exemptions)
        blocked = {checked.planned.item for checked in verdict.blocking}
        for item in {planned.item for planned in self.plan} - blocked:
            line, whole = lines.line(item), self.planned(item)
            assert line is not None
            assert line.bound is not Bound.UNKNOWN
            if line.bound is Bound.OPEN or (line.cap is not None and whole <= line.cap):
                continue
            assert any(self.sees(one, item, whole) for one in self.exemptions), "above its cap, and nobody has seen it"

    def sees(self, one: Exemption, item: str, whole: Money) -> bool:
        """Whether somebody else has granted so much, for the visit as it is."""
        return (
            one.state == "granted"
            and self.granted_by[one.id] != one.asked_by
            and whole <= one.up_to
            and (one.item, one.edition, one.level, one.host_rank) == (item, self.edition, self.level, self.host_rank)
        )


TestBudgets = Budgets.TestCase
TestBudgets.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
