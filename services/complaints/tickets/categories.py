"""The tree of complaint categories: data that a company changes without code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.kernel.errors import Refused

SolutionPolicy = Literal["standard", "repair"]


class Category(BaseModel):
    """One node. `solution` names the policy of the solution deadline; without one the parent's holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")
    parent: str | None = None
    names: Mapping[str, str]
    """What people read, by language."""
    solution: SolutionPolicy | None = None


DEFAULT_CATEGORIES = (
    Category(code="product", names={"zh-CN": "产品质量", "en": "Product quality"}),
    Category(code="repair", parent="product", names={"zh-CN": "维修质量", "en": "Repair quality"}, solution="repair"),
    Category(code="delivery", names={"zh-CN": "交付与物流", "en": "Delivery"}),
    Category(code="service", names={"zh-CN": "服务态度", "en": "Service and conduct"}),
    Category(code="billing", names={"zh-CN": "费用与结算", "en": "Charges and billing"}),
    Category(code="other", names={"zh-CN": "其他", "en": "Other"}),
)
"""Our default tree."""


class Categories:
    """A checked tree. Raises ValueError where a code stands twice, a parent is unknown, or parents go in a circle."""

    def __init__(self, categories: Sequence[Category]) -> None:
        self._by_code = {category.code: category for category in categories}
        if len(self._by_code) != len(categories):
            raise ValueError("two categories have the same code")
        for category in categories:
            self._path(category.code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def require(self, code: str) -> None:
        """Raises Refused(`category-unknown`, 422) where there is no such category."""
        if code not in self._by_code:
            expected = f"one of {', '.join(sorted(self._by_code))}"
            raise Refused("category-unknown", status=422, field="$.category", expected=expected)

    def solution_policy(self, code: str) -> SolutionPolicy:
        """The policy of the nearest ancestor that names one; `standard` where none does or the code is unknown."""
        if code not in self._by_code:
            return "standard"
        return next((node.solution for node in self._path(code) if node.solution), "standard")

    def _path(self, code: str) -> list[Category]:
        """The node and its ancestors, nearest first."""
        path: list[Category] = []
        at: str | None = code
        while at is not None:
            node = self._by_code.get(at)
            if node is None:
                raise ValueError(f"category {path[-1].code} hangs below {at}, which is not there")
            if node in path:
                raise ValueError(f"category {code} hangs below itself")
            path.append(node)
            at = node.parent
        return path
