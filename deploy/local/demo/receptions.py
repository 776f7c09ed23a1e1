"""Receptions of a demo week under three standards: form, level, budget, approval step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.local.demo.cast import Person, staff_email
from deploy.local.demo.desk import DemoFailed, Desk
from deploy.local.demo.visits import request, state
from shared.kernel import clock

Json = dict[str, Any]

_STAY = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Team:
    """Who of a department receives, judges and approves, in order; under which standard and level, at what cost."""

    standard: str
    department: str
    route: str
    host: str
    judge: str
    approvers: tuple[str, ...]
    level: str
    host_rank: str | None
    lines: tuple[Json, ...]
    above_cap: Json
    """What nobody may plan without an exemption."""


SALES = Team(
    "T1",
    "demo-sales",
    "AP-01",
    "host",
    "sales-head",
    ("sales-head", "general"),
    "C",
    None,
    ({"item": "lunch", "amount": 200_00}, {"item": "lodging", "amount": 500_00}),
    {"item": "lunch", "amount": 9_000_00},
)
KEY_ACCOUNTS = Team(
    "T2",
    "demo-key",
    "AP-03",
    "key-host",
    "key-head",
    ("administration",),
    "B",
    None,
    ({"item": "lodging", "amount": 300_00}, {"item": "meals", "amount": 250_00}),
    {"item": "meals", "amount": 9_000_00},
)
WORKS = Team(
    "T3",
    "demo-works",
    "AP-13",
    "works-host",
    "works-head",
    ("works-lead", "works-head"),
    "B",
    "manager",
    ({"item": "lodging", "amount": 200_00}, {"item": "meals", "amount": 200_00}),
    {"item": "meals", "amount": 9_000_00},
)
TEAMS = (SALES, KEY_ACCOUNTS, WORKS)


def form(person: Person) -> Json:
    """The application form (FM-01) of a guest who brings somebody along."""
    return {
        "company": "Blue Kiln Ltd 青窑公司",
        "organisation": "company",
        "visitors": [
            {"name": person.name, "title": "Director 总监", **_reached(person)},
            {"name": "Lee Marsh", "note": "vegetarian"},
        ],
        "inbound": {"means": "train", "number": "G7", "departs_from": "Beijing", "arrives_at": "Shanghai"},
        "meeting_point": "station",
        "wishes": ["flowers"],
        "gifts": [{"category": "crafts", "name": "Silk scarf 丝巾", "each": 120_00, "pieces": 2}],
        "topics": "Next year's frame contract 明年框架合同",
        "services": ["interpreter", "minutes"],
    }


async def open_departments(desk: Desk, departments: dict[str, str]) -> None:
    """Each team's department goes by its standard and its route."""
    for team in TEAMS:
        path = f"/departments/{departments[team.department]}"
        await desk.staff("general", "intake", "POST", f"{path}/standard-set", {"code": team.standard})
        await desk.staff("administration", "intake", "POST", f"{path}/approval-route", {"route": team.route})


async def hand_in(desk: Desk, person: Person, team: Team, until: timedelta) -> str:
    """An application, first as a draft that lacks something; its visit's id."""
    whole = application(person, team, until)
    started = {name: value for name, value in whole.items() if name != "form"}
    draft = await desk.staff(team.host, "intake", "POST", "/visit-drafts", {"kind": "reception", "content": started})
    if [each["field"] for each in draft["missing"]] != ["$.form"]:
        raise DemoFailed("a draft without a form lacks something else")
    path = f"/visit-drafts/{draft['draft_id']}"
    await desk.staff(team.host, "intake", "POST", f"{path}/save", {"content": whole, "version": draft["version"]})
    return str((await desk.staff(team.host, "intake", "POST", f"{path}/submit"))["visit_id"])


def application(person: Person, team: Team, until: timedelta) -> Json:
    """The whole application for a stay with one night that begins after `until`."""
    arrival = clock.now() + until
    return {
        **request(person, arrival),
        "host_email": staff_email(team.host),
        "departure": (arrival + _STAY).isoformat(),
        "form": form(person),
    }


async def seek(desk: Desk, visit: str, team: Team, bearer: str, *lines: Json) -> None:
    """Level, budget, and off to the first approver."""
    await judge(desk, visit, team)
    await plan(desk, visit, team, bearer, *(lines or team.lines))
    await desk.staff(team.host, "intake", "POST", f"/visits/{visit}/seek-approval")


async def judge(desk: Desk, visit: str, team: Team) -> None:
    """Whoever judges levels there does so."""
    judged = {"level": team.level, "host_rank": team.host_rank, "reason": "Their director comes. 对方总监来访。"}
    await desk.staff(team.judge, "intake", "POST", f"/visits/{visit}/judge-level", judged)


async def plan(desk: Desk, visit: str, team: Team, bearer: str, *lines: Json) -> None:
    """What it costs."""
    budget = {"currency": "CNY", "bearer_department_id": bearer, "lines": list(lines)}
    await desk.staff(team.host, "intake", "POST", f"/visits/{visit}/budget", budget)


async def decide(desk: Desk, visit: str, who: str, how: str = "approve", reason: str | None = None) -> None:
    """One approver decides about the revision as it stands."""
    seen = await desk.staff(who, "intake", "GET", f"/visits/{visit}")
    body: Json = {"revision": seen["visit"]["revision"]}
    if reason is not None:
        body["reason"] = reason
    await desk.staff(who, "intake", "POST", f"/visits/{visit}/{how}", body)


async def approve(desk: Desk, visit: str, team: Team) -> None:
    """Everybody on the route, one after the other."""
    for who in team.approvers:
        await decide(desk, visit, who)


async def run_approved(desk: Desk, person: Person, team: Team, bearer: str, until: timedelta) -> str:
    """From the draft to the approval, of which the guest hears."""
    visit = await hand_in(desk, person, team, until)
    await seek(desk, visit, team, bearer)
    await approve(desk, visit, team)
    await desk.received(person, 1)
    return visit


async def run_exempted(desk: Desk, person: Person, team: Team, bearer: str, until: timedelta) -> str:
    """A line above its cap is refused until somebody who may has granted it."""
    visit = await hand_in(desk, person, team, until)
    try:
        await seek(desk, visit, team, bearer, team.above_cap)
    except DemoFailed as refused:
        if "budget-blocked" not in str(refused):
            raise
    else:
        raise DemoFailed("a line above its cap went to approval")
    asked = {"item": team.above_cap["item"], "up_to": team.above_cap["amount"], "reason": "A banquet. 正式宴请。"}
    path = f"/visits/{visit}"
    exemption = (await desk.staff(team.host, "intake", "POST", f"{path}/exemptions", asked))["exemption_id"]
    await desk.staff(team.approvers[-1], "intake", "POST", f"/exemptions/{exemption}/grant")
    await desk.staff(team.host, "intake", "POST", f"{path}/seek-approval")
    await approve(desk, visit, team)
    await desk.received(person, 1)
    return visit


async def run_returned_twice(desk: Desk, person: Person, team: Team, bearer: str, until: timedelta) -> str:
    """Mended and handed in again, twice; then approved."""
    visit = await hand_in(desk, person, team, until)
    for reason in ("Who pays? 费用由谁承担？", "Fewer dinners, please. 请减少宴请。"):
        await seek(desk, visit, team, bearer)
        await decide(desk, visit, team.approvers[0], "return", reason)
        wanted = ("arrival", "departure", "purpose", "head_count", "short_notice_reason")
        mended = {name: value for name, value in application(person, team, until).items() if name in wanted}
        await desk.staff(team.host, "intake", "POST", f"/visits/{visit}/resubmit-reception", mended)
    await seek(desk, visit, team, bearer)
    await approve(desk, visit, team)
    await desk.received(person, 1)
    return visit


async def run_amended(desk: Desk, person: Person, team: Team, bearer: str, until: timedelta) -> str:
    """More is wanted than was approved: the approvers are asked again, and the guest hears the new word."""
    visit = await run_approved(desk, person, team, bearer, until)
    dearer = [{**team.lines[0], "amount": team.lines[0]["amount"] + 50_00}, *team.lines[1:]]
    budget = {"currency": "CNY", "bearer_department_id": bearer, "lines": dearer}
    await desk.staff(team.host, "intake", "POST", f"/visits/{visit}/amend", {"budget": budget})
    await state(desk, visit, "approving", who=team.host)
    await approve(desk, visit, team)
    await desk.received(person, 2)
    return visit


def _reached(person: Person) -> Json:
    return {"phone": person.phone} if person.phone else {}
