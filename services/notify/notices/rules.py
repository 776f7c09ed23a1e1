"""Every notice that we give (NT-01 … NT-24 as far as they are built): the tables joined, and how to look into them."""

from __future__ import annotations

from services.notify.notices.contact_rules import CONTACT_RULES, CONTACT_WITHDRAWALS, ENDINGS
from services.notify.notices.model import Rule, Withdrawal
from services.notify.notices.visit_rules import VISIT_RULES, VISIT_WITHDRAWALS
from shared.contracts.event import Event

__all__ = ["ENDINGS", "RULES", "WITHDRAWALS", "by_name", "rules_on"]

RULES: tuple[Rule, ...] = (*CONTACT_RULES, *VISIT_RULES)
WITHDRAWALS: tuple[Withdrawal, ...] = (*CONTACT_WITHDRAWALS, *VISIT_WITHDRAWALS)


def rules_on(event: type[Event]) -> tuple[Rule, ...]:
    """The rows for an event."""
    return tuple(rule for rule in RULES if rule.event is event)


def by_name(name: str) -> Rule:
    """The row of this name. Raises KeyError where there is none."""
    for rule in RULES:
        if rule.name == name:
            return rule
    raise KeyError(name)
