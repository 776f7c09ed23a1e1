"""Routes as data: who is asked, under which condition (AP-01, AP-03, AP-04, AP-07, AP-13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.intake.approvals.model import MOST_STEPS, Delegation, Route, Subject, check_applicant, steps_of
from services.intake.approvals.shipped import routes
from shared.kernel import clock
from shared.kernel.errors import Refused
from shared.kernel.money import Money

_NAMES = {"zh": "路线", "en": "Route"}


def _subject(**changes: Any) -> Subject:
    values: dict[str, Any] = {
        "visit_id": uuid4(),
        "revision": 1,
        "kind": "business",
        "requester_id": uuid4(),
        "host_id": uuid4(),
        "department_id": uuid4(),
        "arrival": clock.now(),
        "snapshot": {},
    }
    return Subject(**{**values, **changes})


def _route(*steps: dict[str, Any], **changes: Any) -> Route:
    return Route.model_validate({"code": "R", "names": _NAMES, "kinds": ["business"], "steps": steps, **changes})


def test_the_routes_of_the_manuals_ask_whom_they_say() -> None:
    """AP-01, AP-03, AP-04, AP-07, AP-13"""
    assert {code: [step.who for step in route.steps] for code, route in routes().items()} == {
        "MANAGER": ["department-manager"],
        "AP-01": ["department-manager", "general-manager"],
        "AP-03": ["administration-manager"],
        "AP-04": ["assistant-to-general-manager", "general-manager"],
        "AP-07": ["superior"],
        "AP-13": ["superior", "department-manager"],
    }
    assert routes()["AP-03"].major == "AP-04"
    assert routes()["AP-07"].informed == ("administration-manager",)


@pytest.mark.parametrize(
    ("condition", "changes", "taken"),
    [
        ({}, {}, True),
        ({"above": {"minor": 1000_00, "currency": "CNY"}}, {"total": Money(1000_00, "CNY")}, False),
        ({"above": {"minor": 1000_00, "currency": "CNY"}}, {"total": Money(1000_01, "CNY")}, True),
        ({"above": {"minor": 1000_00, "currency": "CNY"}}, {"total": Money(1, "USD")}, True),
        ({"above": {"minor": 1000_00, "currency": "CNY"}}, {"total": None}, False),
        ({"from_level_rank": 3}, {"level_rank": 2}, False),
        ({"from_level_rank": 3}, {"level_rank": 3}, True),
        ({"from_level_rank": 3}, {"level_rank": None}, False),
        ({"scale": "major"}, {"scale": "general"}, False),
        ({"scale": "major"}, {"scale": "major"}, True),
        ({"scale": "major", "from_level_rank": 3}, {"scale": "major", "level_rank": 1}, False),
    ],
)
def test_a_step_is_taken_when_all_its_conditions_hold(
    condition: dict[str, Any], changes: dict[str, Any], taken: bool
) -> None:
    route = _route({"who": "superior"}, {"who": "general-manager", **condition})
    asked = [step.who for step in steps_of(route, _subject(**changes))]
    assert asked == (["superior", "general-manager"] if taken else ["superior"])


def test_a_route_has_up_to_twelve_steps_and_one_that_is_always_taken() -> None:
    many = [{"who": "superior"}] * MOST_STEPS
    assert len(steps_of(_route(*many), _subject())) == MOST_STEPS == 12
    with pytest.raises(ValueError, match="12"):
        _route(*many, {"who": "superior"})
    with pytest.raises(ValueError, match="approved by nobody"):
        _route({"who": "superior", "scale": "major"})


def test_who_may_apply_is_said_by_roles() -> None:
    """AP-02"""
    check_applicant(_route({"who": "superior"}), ())
    limited = _route({"who": "superior"}, applicants=["coordinator"])
    check_applicant(limited, ("agent", "coordinator"))
    with pytest.raises(Refused) as refused:
        check_applicant(limited, ("agent",))
    assert (refused.value.code, refused.value.status) == ("may-not-apply", 403)


def test_a_delegation_reaches_up_to_its_cap_in_its_department_and_time() -> None:
    """AP-03"""
    now, department = clock.now(), uuid4()
    hour = timedelta(hours=1)
    one = Delegation(uuid4(), uuid4(), uuid4(), department, Money(500_00, "CNY"), now, now + hour, now)
    assert [one.holds_at(at) for at in (now - hour, now, now + hour)] == [False, True, False]
    assert one.covers(department, Money(500_00, "CNY"))
    assert one.covers(department, None)
    assert not one.covers(department, Money(500_01, "CNY"))
    assert not one.covers(department, Money(1, "USD"))
    assert not one.covers(uuid4(), Money(1, "CNY"))
