"""Fields that are null for who may not see them."""

from __future__ import annotations

from shared.web.schemas import Answer
from shared.web.seen import closed_fields, opened_by, seen_by


class _Colleague(Answer):
    name: str
    phone: str | None = opened_by("staff.read-contact")


_TOM = _Colleague(name="Tom", phone="+8613900000001")


def test_given_no_permission_then_the_field_is_null_and_the_rest_stays() -> None:
    assert seen_by(_TOM, frozenset()).model_dump() == {"name": "Tom", "phone": None}


def test_given_the_permission_then_the_field_is_there() -> None:
    assert seen_by(_TOM, {"staff.read-contact"}) == _TOM
    assert seen_by(_TOM, lambda permission: permission == "staff.read-contact") == _TOM


def test_openapi_says_which_permission_opens_a_field() -> None:
    assert closed_fields(_Colleague) == {"phone": "staff.read-contact"}
    assert _Colleague.model_json_schema()["properties"]["phone"]["x-permission"] == "staff.read-contact"
