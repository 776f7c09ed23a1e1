"""What people read is true where a machine can tell: links lead somewhere, each service tells of all it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.contracts import service_of
from shared.contracts.topics import SERVICES

ROOT = Path(__file__).parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *(page for folder in ("services", "shared", "deploy", "tests") for page in (ROOT / folder).rglob("*.md")),
]

SECTIONS = ("What it owns", "Publishes", "Consumes", "HTTP", "Tables", "Run", "Scale", "Settings")

_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_CODE = re.compile(r"```.*?```", re.DOTALL)
_TABLE = re.compile(r"CREATE TABLE (\w+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [link for link in _LINK.findall(_CODE.sub("", page.read_text())) if "://" not in link]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_the_sections_that_all_have(name: str) -> None:
    headings = re.findall(r"^## (.+)$", _readme(name), re.MULTILINE)
    assert [section for section in SECTIONS if section not in headings] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_names_its_tables_copies_and_the_events_that_it_reacts_to(name: str) -> None:
    service = service_of(name)
    migrations = (ROOT / "services" / name / "migrations" / "versions").glob("*.py")
    wanted = {table for migration in migrations for table in _TABLE.findall(migration.read_text())}
    wanted |= {reaction.event.type for reaction in service.reactions}
    wanted |= {copy.event.topic.name for copy in service.copies}
    wanted |= {event.type for row in (*service.reactions, *service.timers) for event in row.publishes}
    assert sorted(word for word in wanted if f"`{word}`" not in _readme(name)) == []


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = ((ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md"))
    for marks in (r"```sh\n(.*?)```", r"```python\n(.*?)```"):
        assert len(re.findall(marks, english, re.DOTALL)) == len(re.findall(marks, chinese, re.DOTALL))
    assert re.findall(r"^\| `make [a-z-]+`", english, re.MULTILINE) == re.findall(
        r"^\| `make [a-z-]+`", chinese, re.MULTILINE
    )
    assert re.findall(r"\]\((?!README)([^)]+)\)", english) == re.findall(r"\]\((?!README)([^)]+)\)", chinese)


def test_every_decision_stands_in_the_index() -> None:
    folder = ROOT / "shared" / "decisions"
    index = (folder / "README.md").read_text()
    assert [page.name for page in sorted(folder.glob("0*.md")) if f"]({page.name})" not in index] == []


def _readme(name: str) -> str:
    return (ROOT / "services" / name / "README.md").read_text()
