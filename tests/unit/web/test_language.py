"""Which language a problem speaks."""

from __future__ import annotations

import pytest

from shared.web.language import accepted_language, language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, None),
        ("", None),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-Hans-CN", "zh-CN"),
        ("fr, en;q=0.5, zh;q=0.8", "zh-CN"),
        ("zh;q=0, en;q=0.1", "en"),
        ("fr", None),
        ("en;q=nonsense, zh;q=0.1", "zh-CN"),
        ("*", None),
    ],
)
def test_the_best_of_our_languages_is_chosen(header: str | None, language: str | None) -> None:
    assert accepted_language(header) == language


@pytest.mark.parametrize(("tag", "language"), [("zh-TW", "zh-CN"), ("EN", "en"), ("de", None), (None, None)])
def test_a_tag_is_read_by_its_primary_subtag(tag: str | None, language: str | None) -> None:
    assert language_of(tag) == language
