"""party-changed: the full state of a party as intake knows it; a tombstone on its key means erased."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Event, Value
from shared.contracts.topics import PARTIES


class PartyAddress(Value):
    """One way to reach a party."""

    address_id: str = Field(pattern="^[0-9a-f]{32}$")
    kind: Literal["phone", "email"]
    value: str = Field(max_length=254)
    """E.164 number or lower-cased e-mail address."""
    verified: bool = False


class PartyChanged(Event, type="party-changed", topic=PARTIES, key="party_id"):
    """The full state of a party as intake knows it; a tombstone on its key means erased."""

    party_id: UUID
    kind: Literal["person", "organisation"] = "person"
    name: str | None = Field(default=None, max_length=200)
    addresses: tuple[PartyAddress, ...] = ()
    language: str = "zh-CN"
    zone: str = "Asia/Shanghai"
    customer_class: Literal["vip", "core", "potential", "regular"] | None = None
    member: bool = False
    verified: bool = False
    liaison_ids: tuple[UUID, ...] = ()
