"""Every code that something is refused with says what is wrong in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shared.web.texts import TEXTS, own_text
from tests.support.sources import nodes_of, trees


def _refusals() -> Iterator[tuple[str, str]]:
    """(file, code) of every `Refused("code")` of the kernel's."""
    for path, tree in trees("services", "shared").items():
        imported = {
            alias.name
            for node in nodes_of(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "shared.kernel.errors"
            for alias in node.names
        }
        for node in nodes_of(tree) if "Refused" in imported else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                match node.args:
                    case [ast.Constant(value=str(code)), *_]:
                        yield path, code


def test_every_code_has_words_of_its_own() -> None:
    found = list(_refusals())
    assert len(found) > 20
    silent = sorted({code for _, code in found if own_text(code) is None})
    assert silent == [], "add a row to shared/web/domain_texts.py"


def test_every_text_is_whole_and_chinese_is_chinese() -> None:
    for code, text in TEXTS.items():
        assert text.en.endswith("."), code
        assert text.en_detail.endswith("."), code
        assert text.zh.endswith("。"), code
        assert any("\u4e00" <= sign <= "\u9fff" for sign in text.zh_detail), code
