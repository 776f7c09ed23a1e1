"""Templates: strict both ways, in every language, on every channel."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, meta

from services.notify.providers.segments import split
from services.notify.templates.catalogue import GIVEN, LANGUAGES, Template, language_for, templates
from services.notify.templates.rendering import WrongValues, render

NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
CASES = [
    (template, language, channel)
    for template in templates().values()
    for language in LANGUAGES
    for channel in sorted(template.channels)
]


def _values(template: Template) -> dict[str, str | datetime]:
    return {name: NOON if name in template.instants else f"<{name}>" for name in template.placeholders}


@pytest.mark.parametrize(("template", "language", "channel"), CASES, ids=lambda x: getattr(x, "name", x))
def test_a_template_renders_with_exactly_what_it_declares(template: Template, language: str, channel: str) -> None:
    rendered = render(
        template,
        channel,  # type: ignore[arg-type]
        language=language,
        zone="Asia/Shanghai",
        recipient="林总",
        company="Frontdesk",
        values=_values(template),
    )
    assert "林总" in rendered.text
    assert "{" not in rendered.text
    assert (rendered.subject is None) == (channel == "sms")


@pytest.mark.parametrize("template", templates().values(), ids=lambda t: t.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_uses_everything_that_it_declares_and_nothing_else(template: Template, language: str) -> None:
    text = template.texts[language]
    used: set[str] = set()
    for part in (text.subject, text.email, text.sms or ""):
        used |= meta.find_undeclared_variables(Environment(autoescape=True).parse(part))
    assert used - GIVEN == template.placeholders


@pytest.mark.parametrize("template", templates().values(), ids=lambda t: t.name)
def test_a_missing_or_an_unknown_value_is_refused(template: Template) -> None:
    def attempt(values: dict[str, str | datetime]) -> None:
        render(template, "email", language="en", zone="UTC", recipient=None, company="F", values=values)

    with pytest.raises(WrongValues, match=r"\+extra"):
        attempt({**_values(template), "extra": "x"})
    for name in template.placeholders:
        with pytest.raises(WrongValues, match=f"-{name}"):
            attempt({key: value for key, value in _values(template).items() if key != name})


@pytest.mark.parametrize("template", [t for t in templates().values() if "sms" in t.channels], ids=lambda t: t.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_takes_at_most_three_segments(template: Template, language: str) -> None:
    values: dict[str, str | datetime] = {
        name: NOON if name in template.instants else "T-2026-000123-4" for name in template.placeholders
    }
    text = render(
        template, "sms", language=language, zone="Asia/Shanghai", recipient="欧阳先生", company="F", values=values
    ).text
    assert len(split(f"【Frontdesk】{text}").parts) <= 3


def test_a_value_that_looks_like_a_template_is_only_text() -> None:
    text = render(
        templates()["case-acknowledged"],
        "sms",
        language="en",
        zone="UTC",
        recipient="{{ company.__class__ }}",
        company="F",
        values={"number": "{% raw %}"},
    ).text
    assert "{{ company.__class__ }}" in text
    assert "{% raw %}" in text


def test_a_deadline_is_written_in_the_readers_zone_a_visit_in_the_zone_of_its_place() -> None:
    acknowledged = templates()["complaint-acknowledged"]
    text = render(
        acknowledged,
        "email",
        language="zh-CN",
        zone="Asia/Tokyo",
        recipient=None,
        company="F",
        values={"number": "1", "first_reply_due": NOON},
    ).text
    assert "11月25日星期三 13:00前" in text
    confirmed = templates()["visit-confirmed"]
    text = render(
        confirmed,
        "email",
        language="en",
        zone="Asia/Tokyo",
        recipient=None,
        company="F",
        values={"host": "Wang", "arrival": NOON.astimezone(ZoneInfo("Asia/Shanghai"))},
    ).text
    assert "Wednesday 25 November, 12:00 (UTC+08:00)" in text


def test_somebody_without_a_name_is_addressed_politely() -> None:
    template = templates()["case-acknowledged"]
    for language, words in (("zh-CN", "尊敬的客户，您好"), ("en", "Dear customer,")):
        text = render(
            template, "email", language=language, zone="UTC", recipient=None, company="F", values={"number": "1"}
        ).text
        assert text.startswith(words)


@pytest.mark.parametrize(
    ("wanted", "spoken"), [("zh-CN", "zh-CN"), ("zh-TW", "zh-CN"), ("en-GB", "en"), ("EN", "en"), ("fr", "zh-CN")]
)
def test_a_language_that_we_do_not_speak_gets_its_kin_or_our_default(wanted: str, spoken: str) -> None:
    assert language_for(wanted) == spoken
