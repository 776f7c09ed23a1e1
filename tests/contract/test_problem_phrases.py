"""Whatever a refusal says it expected, it says in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from shared.web.expected import EXPECTED, expected_for
from shared.web.phrases import PHRASES, in_language
from tests.support.sources import nodes_of, trees

_CHINESE = re.compile("[\u4e00-\u9fff]")
_SAYING = frozenset({"_NotAccepted", "_impossible", "Problem", "_complain", "_Expected", "_shared", "self._known"})
"""Functions whose last argument is told to a person as what was expected."""


def _sentences() -> Iterator[tuple[str, str]]:
    """(file, sentence) of every `expected=`, and of a variable of that name; what varies in it is a 7."""
    for path, tree in trees("services", "shared").items():
        if path.startswith("shared/telemetry"):
            continue
        for node in nodes_of(tree):
            match _said(node):
                case ast.Constant(value=str(whole)):
                    yield path, whole
                case ast.JoinedStr(values=parts):
                    yield path, "".join(str(p.value) if isinstance(p, ast.Constant) else "7" for p in parts)


def _said(node: ast.AST) -> ast.expr | None:
    match node:
        case ast.keyword(arg="expected", value=value) | ast.Assign(targets=[ast.Name(id="expected")], value=value):
            return value
        case ast.Call(func=called, args=[*_, last]) if ast.unparse(called) in _SAYING:
            return last
    return None


def test_every_sentence_has_a_row() -> None:
    found = list(_sentences())
    assert len(found) > 30
    silent = [(path, said) for path, said in found if not _CHINESE.search(in_language(said, "zh-CN") or "")]
    assert silent == [], "add a row to shared/web/phrases.py"


def test_every_row_is_used_or_general() -> None:
    said = {in_language(each, "zh-CN") for _, each in _sentences()}
    unused = [en for en, zh in PHRASES if zh.replace("{}", "7") not in said]
    assert unused == ["in state {}: nothing: it has ended", "{} or {} or {}", "{} or {}"]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("in state closed: nothing: it has ended", "状态 closed：已结束，无可用操作"),
        ("in state registered: judge, withdraw", "状态 registered 下可用：judge, withdraw"),
        ("handler or overseer", "handler 或 overseer"),
        ("decider or handler or overseer", "decider、handler 或 overseer"),
        ("overseer", "overseer"),
    ],
)
def test_what_varies_is_kept(english: str, chinese: str) -> None:
    assert in_language(english, "zh-CN") == chinese
    assert in_language(english, "en") == english


def test_choices_are_listed_in_the_reader_s_way() -> None:
    choices = {"expected": "'complaint', 'enquiry' or 'praise'"}
    assert expected_for("literal_error", choices, "zh-CN") == "下列之一：'complaint'、'enquiry'、'praise'"
    assert expected_for("literal_error", choices, "en") == "one of 'complaint', 'enquiry' or 'praise'"


def test_every_error_kind_of_our_own_has_words() -> None:
    own = {
        node.args[0].value
        for tree in trees("services", "shared").values()
        for node in nodes_of(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "PydanticCustomError"
        if isinstance(node.args[0], ast.Constant)
    }
    assert own
    assert own - set(EXPECTED) == set(), "add a row to shared/web/expected.py"
