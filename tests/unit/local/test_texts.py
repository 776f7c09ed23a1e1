"""Every sentence exists in both languages, and every code that is used exists."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import deploy.local
from deploy.local.texts import texts

_HEADING = re.compile(r"(head|title)-[a-z]+")
_SPEAKERS = {"Trouble", "tell", "tell_step", "text", "say"}
_SOURCES = sorted(Path(deploy.local.__file__).parent.rglob("*.py"))


def test_every_sentence_exists_in_both_languages_with_the_same_values() -> None:
    english, chinese = texts("en"), texts("zh-CN")

    assert english.keys() == chinese.keys()
    for code, sentence in english.items():
        assert _values(sentence) == _values(chinese[code]), code


def test_every_code_in_the_source_has_its_sentence() -> None:
    used = {code for source in _SOURCES for code in _codes(source)}

    assert len(used) > 40
    assert used <= texts("en").keys()


def _values(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def _codes(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SPEAKERS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _HEADING.fullmatch(node.value):
            yield node.value
