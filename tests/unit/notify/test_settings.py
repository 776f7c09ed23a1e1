"""notify's settings, from the environment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notify.settings import NotifySettings


@pytest.mark.parametrize(
    ("text", "seconds"), [("45", 45), ("0.5", 0.5), ("PT45S", 45), ("P3D", 3 * 86400), ("00:00:45", 45)]
)
def test_a_duration_is_written_in_seconds_or_as_iso_8601(
    text: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_NOTIFY_REPEAT_AFTER", text)
    assert NotifySettings().repeat_after == timedelta(seconds=seconds)


def test_numbers_are_a_json_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_NOTIFY_NUMBERS", '["+861069000009"]')
    assert NotifySettings().numbers == ("+861069000009",)


def test_every_setting_says_what_it_is_for_and_has_our_prefix() -> None:
    for name, field in NotifySettings.model_fields.items():
        assert field.description, name
        if field.validation_alias is not None:
            assert field.validation_alias == f"FRONTDESK_NOTIFY_{name.upper()}"
