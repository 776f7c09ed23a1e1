"""The list of requirements is whole, and names tests that exist."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
LIST = (TESTS / "REQUIREMENTS.md").read_text()

HIGHEST = {"IN": 13, "VR": 31, "LV": 6, "AP": 13, "FM": 18, "CH": 17, "CP": 18, "CB": 22, "CL": 12} | {
    "CF": 13,
    "WO": 9,
    "KP": 12,
    "TQ": 9,
    "NT": 24,
}
"""Group → its last number; they count from 1."""

_ID = re.compile(rf"\b(?:{'|'.join(HIGHEST)})-\d{{2}}\b")
_ROW = re.compile(r"^\| ([A-Z]{2}-\d{2}) \| (.+?) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")

ROWS = [(number, what, shown) for number, what, shown in _ROW.findall(LIST)]


@cache
def _functions(path: Path) -> frozenset[str]:
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_every_id_stands_there_once_and_no_other() -> None:
    expected = [f"{group}-{number:02}" for group, last in HIGHEST.items() for number in range(1, last + 1)]
    assert Counter(number for number, _, _ in ROWS) == Counter(expected)


@pytest.mark.parametrize(("path", "name"), sorted(set(_TEST.findall(LIST))))
def test_every_named_test_exists(path: str, name: str) -> None:
    assert (TESTS / path).is_file(), f"tests/{path} is gone: name the test that shows it now"
    assert name in _functions(TESTS / path), f"{name} is gone from tests/{path}: name the test that shows it now"


@pytest.mark.parametrize(("number", "shown"), [(number, shown) for number, _, shown in ROWS], ids=lambda value: value)
def test_a_row_names_a_test_or_says_that_there_is_none(number: str, shown: str) -> None:
    if shown.startswith("not yet built"):
        assert not _TEST.search(shown), f"{number} is built or not, not both"
    else:
        assert _TEST.search(shown), f"{number} names no test: name one, or write `not yet built`"
    if shown.startswith("**partly**"):
        assert ";" in shown, f"{number} is there partly: say what is missing"


def test_code_and_tests_cite_only_ids_of_the_list() -> None:
    known = {number for number, _, _ in ROWS}
    strange = {
        f"{path.relative_to(ROOT)}: {cited}"
        for folder in ("services", "shared", "deploy", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for cited in _ID.findall(path.read_text())
        if cited not in known
    }
    assert strange == set()
