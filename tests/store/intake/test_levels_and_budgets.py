"""A level judged by a person, a budget held against it, and what an approval keeps of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from services.intake.budgets import commands as budgets
from services.intake.budgets import store as budget_store
from services.intake.budgets.commands import Plan
from services.intake.budgets.model import Exemption, Planned, Verdict, check
from services.intake.budgets.snapshot import digest_of, snapshot_of
from services.intake.levels import commands as levels
from services.intake.levels import store as level_store
from services.intake.levels.model import Evidence, Judgement
from services.intake.standards.lines import Lines
from services.intake.visits.model import Visit
from shared.kernel.money import Money
from tests.store.intake.builders import House
from tests.store.intake.setting_standards import (
    confirmed,
    drafted,
    fresh,
    in_force,
    lines_of,
    lunch,
    published,
    write,
)
from tests.store.intake.visiting import refused

_BOSS = Evidence(titles=("董事长",))


def _yuan(amount: int) -> Money:
    return Money(amount * 100, "CNY")


async def _judged(house: House, visit: Visit, level: str = "C", reason: str | None = None, **changes: Any) -> Judgement:
    values = {
        "revision": visit.revision,
        "standard_set": await in_force(house),
        "evidence": _BOSS,
        "level": level,
        "reason": reason,
        "by": house.staff["hana"],
        **changes,
    }
    done = await house.do(levels.judge, visit.id, **values)
    assert isinstance(done, Judgement)
    return done


async def _planned(house: House, visit: Visit, *plan: Planned, **changes: Any) -> None:
    wanted = replace(Plan(plan, "CNY", visit.department_id), **changes)
    await house.do(budgets.plan, visit.id, visit.revision, wanted, by=house.staff["amy"])


async def _verdict(house: House, visit: Visit, lines: Lines) -> Verdict:
    found = await house.do(budgets.verdict, visit.id, visit.revision, lines)
    assert isinstance(found, Verdict)
    return found


async def _asked(house: House, visit: Visit, lines: Lines, item: str, yuan: int, by: str = "amy") -> Exemption:
    values = {"reason": "a jubilee", "by": house.staff[by]}
    done = await house.do(budgets.ask_exemption, visit.id, lines, item, _yuan(yuan), **values)
    assert isinstance(done, Exemption)
    return done


async def test_a_judgement_keeps_what_was_proposed_why_and_by_whom(house: House) -> None:
    """VR-04."""
    visit = await house.ask()
    assert await house.do(level_store.newest, visit.id) is None
    first = await _judged(house, visit)
    assert (first.number, first.proposed, first.because, first.level) == (1, "C", ("title",), "C")
    second = await _judged(house, visit, "B", "the chairman sends somebody else")
    assert await house.do(level_store.history, visit.id) == [first, second]
    assert await house.do(level_store.newest, visit.id) == second
    rows = await house.bench.rows("SELECT detail FROM audit WHERE action = 'judge-level' ORDER BY id")
    assert [(row["proposed"], row["before"], row["after"]) for row in rows] == [("C", None, "C"), ("C", "C", "B")]
    assert "董事长" not in str(rows)


async def test_otherwise_than_proposed_needs_a_reason_and_only_a_set_in_force_judges(house: House) -> None:
    visit = await house.ask()
    values = {"revision": 1, "evidence": _BOSS, "by": house.staff["hana"]}
    one, draft = await in_force(house), await drafted(house)
    no = await refused(house, "reason-missing", levels.judge, visit.id, standard_set=one, level="A", **values)
    assert no.expected == "why the level is not the proposed one, C"
    await refused(house, "standard-set-missing", levels.judge, visit.id, standard_set=draft, level="C", **values)
    assert await house.do(level_store.history, visit.id) == []


async def test_a_judgement_is_never_changed(house: House) -> None:
    await _judged(house, await house.ask())
    for statement in ("UPDATE visit_level SET level = 'A'", "DELETE FROM visit_level"):
        with pytest.raises(DBAPIError, match="never changed"):
            await house.bench.rows(statement)


async def test_a_plan_is_kept_line_by_line_and_replaced_whole(house: House) -> None:
    """AP-06."""
    visit = await house.ask()
    await _planned(house, visit, Planned("lunch", _yuan(100)), Planned("gift", _yuan(150), 2, "silk"))
    await _planned(house, visit, Planned("gift", _yuan(180), 2, "silk"))
    kept = await house.do(budget_store.get, visit.id, visit.revision)
    assert (kept.plan, kept.version) == ((Planned("gift", _yuan(180), 2, "silk"),), 2)
    assert (kept.bearer_department_id, kept.planned_by) == (visit.department_id, house.staff["amy"])
    assert await house.do(budget_store.get, visit.id, visit.revision + 1) is None
    (_, last) = await house.bench.rows("SELECT detail FROM audit WHERE action = 'plan-budget' ORDER BY id")
    assert [(line["item"], line["minor"]) for line in last["before"]] == [("lunch", 100_00), ("gift", 150_00)]
    assert "silk" not in str(last)


async def test_a_plan_of_two_currencies_or_without_a_bearer_is_refused(house: House) -> None:
    visit = await house.ask()
    mixed = Plan((Planned("lunch", _yuan(1)), Planned("gift", Money(1, "EUR"))), "CNY", visit.department_id)
    no = await refused(house, "currency-mixed", budgets.plan, visit.id, 1, mixed, by=house.staff["amy"])
    assert no.field == "$.lines[1]"
    nobodys = Plan(mixed.lines[:1], "CNY", uuid4())
    await refused(house, "department-unknown", budgets.plan, visit.id, 1, nobodys, by=house.staff["amy"])


async def test_a_line_above_its_cap_is_blocked_until_somebody_else_grants_it(house: House) -> None:
    """LV-04."""
    visit, lines = await house.ask(), await lines_of(house, (await in_force(house)).id)
    await _planned(house, visit, Planned("lodging", _yuan(700)), Planned("lunch", _yuan(200)))
    assert [line.finding for line in (await _verdict(house, visit, lines)).lines] == ["over", "within"]
    exemption = await _asked(house, visit, lines, "lodging", 700)
    assert (await _verdict(house, visit, lines)).blocking
    by = house.staff["amy"]
    await refused(house, "own-request", budgets.decide_exemption, exemption.id, "grant", by=by)
    granted = await house.do(budgets.decide_exemption, exemption.id, "grant", by=house.staff["gina"])
    assert (granted.state, granted.decided_by) == ("granted", house.staff["gina"])
    (await _verdict(house, visit, lines)).require_clear()
    await _planned(house, visit, Planned("lodging", _yuan(701)))
    assert (await _verdict(house, visit, lines)).blocking
    await _planned(house, visit, Planned("lodging", _yuan(700)))
    await house.do(budgets.withdraw_exemption, exemption.id, by=by)
    assert (await _verdict(house, visit, lines)).blocking


@pytest.mark.parametrize("end", ["grant", "refuse", "withdraw"])
async def test_an_exemption_is_decided_once(house: House, end: str) -> None:
    visit, lines = await house.ask(), await lines_of(house, (await in_force(house)).id)
    exemption, by = await _asked(house, visit, lines, "lodging", 700), house.staff["gina"]
    if end == "withdraw":
        await house.do(budgets.withdraw_exemption, exemption.id, by=by)
    else:
        await house.do(budgets.decide_exemption, exemption.id, end, by=by)
    for again in ("grant", "refuse"):
        await refused(house, "budget-exemption-state", budgets.decide_exemption, exemption.id, again, by=by)
    await refused(house, "budget-exemption-not-found", budgets.decide_exemption, uuid4(), "grant", by=by)


async def test_the_database_itself_keeps_anybody_from_granting_their_own(house: House) -> None:
    visit, lines = await house.ask(), await lines_of(house, (await in_force(house)).id)
    await _asked(house, visit, lines, "lodging", 700)
    with pytest.raises(DBAPIError, match="budget_exemption"):
        await house.bench.rows("UPDATE budget_exemption SET state = 'granted', decided_by = asked_by")


async def test_an_exemption_for_what_the_set_does_not_have_is_refused(house: House) -> None:
    visit, lines = await house.ask(), await lines_of(house, (await in_force(house)).id)
    values = {"reason": "because", "by": house.staff["amy"]}
    await refused(house, "item-unknown", budgets.ask_exemption, visit.id, lines, "yacht", _yuan(1), **values)
    await refused(house, "currency-mixed", budgets.ask_exemption, visit.id, lines, "gift", Money(1, "EUR"), **values)


async def _snapshot(house: House, set_id: UUID, *plan: Planned) -> dict[str, Any]:
    lines = await lines_of(house, set_id)
    return snapshot_of(lines, check(lines, plan), bearer=UUID(int=5))


async def test_what_was_approved_stays_whatever_is_edited_published_or_retired_later(house: House) -> None:
    """LV-06."""
    one, visit = await in_force(house), await house.ask()
    judgement = await _judged(house, visit, "B", "the second in command")
    plan = (Planned("lunch", _yuan(200)), Planned("lodging", _yuan(601)))
    approved = await _snapshot(house, judgement.set_id, *plan)
    draft = await drafted(house)
    await write(house, draft, lunch("B", 10))
    await published(house, draft)
    assert (await fresh(house, one)).state == "retired"
    assert (await in_force(house)).id == draft.id
    again = await _snapshot(house, judgement.set_id, *plan)
    assert (again, digest_of(again)) == (approved, digest_of(approved))
    under_the_new = await _snapshot(house, draft.id, *plan)
    assert [line["finding"] for line in under_the_new["budget"]] == ["over", "over"]
    assert digest_of(under_the_new) != digest_of(approved)


async def test_a_snapshot_tells_set_edition_lines_and_totals_in_minor_units(house: House) -> None:
    one = await in_force(house)
    await confirmed(house, one, (await lines_of(house, one.id)).unconfirmed[0])
    kept = await _snapshot(house, one.id, Planned("gift", _yuan(150), 2, "silk for Mr Wang"))
    assert (kept["standard_set"], kept["edition"], kept["level"], kept["guests"], kept["nights"]) == (
        "T1",
        1,
        "B",
        2,
        1,
    )
    assert kept["caps"] == 600_00 + 50_00 * 2 * 2 + 100_00 * 2 * 2 + 100_00 * 2
    assert kept["planned"] == 150_00
    assert kept["budget"] == [{"item": "gift", "planned": 150_00, "quantity": 2, "cap": 200_00, "finding": "within"}]
    assert {"item": "car", "kind": "provided"}.items() <= next(
        line for line in kept["lines"] if line["item"] == "car"
    ).items()
    assert "Wang" not in str(kept)


async def test_a_digest_is_the_content_s_and_not_the_order_s(house: House) -> None:
    kept = await _snapshot(house, (await in_force(house)).id, Planned("gift", _yuan(150)))
    assert digest_of(dict(reversed(kept.items()))) == digest_of(kept)
    assert digest_of({**kept, "planned": kept["planned"] + 1}) != digest_of(kept)
