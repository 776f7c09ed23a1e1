"""The project's own source files, each parsed once a run."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text())


def trees(*folders: str) -> dict[str, ast.Module]:
    """Path from the root → tree, for every Python file in `folders`."""
    return {
        str(path.relative_to(ROOT)): tree_of(path)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


@cache
def nodes_of(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Every node of a tree."""
    return tuple(ast.walk(tree))
