"""What goes over the calendars' routes."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import pairwise
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from services.intake.calendars.model import Notice, OwnCalendar, Source
from shared.kernel.calendar import Period
from shared.web.fields import Zone
from shared.web.language import Language
from shared.web.schemas import Answer, Request
from shared.web.texts import text_for

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNANNOUNCED = "calendar-year-unannounced"

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1))]
Year = Annotated[int, Field(ge=2000, lt=2200)]


class Span(Request):
    """From when until when is worked; until 00:00 is until midnight."""

    start: time
    end: time

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.start.tzinfo or self.end.tzinfo or (self.end != time(0) and self.end <= self.start):
            raise PydanticCustomError("work_span", "ends before it starts")
        return self


def _apart(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    if any(one.end == time(0) or two.start < one.end for one, two in pairwise(spans)):
        raise PydanticCustomError("work_span", "spans overlap")
    return spans


Spans = Annotated[tuple[Span, ...], Field(max_length=8), AfterValidator(_apart)]


class CalendarRequest(Request):
    """All that a department says itself; what is left out or null comes from the department above."""

    zone: Zone | None = None
    week: dict[Weekday, Spans] | None = None
    """Weekdays that are not named are free."""
    holidays: Source | None = None
    days: dict[Day, Literal["off", "worked"]] = Field(default_factory=dict, max_length=500)
    final_years: tuple[Year, ...] = Field(default=(), max_length=50)
    """Years whose days off are listed here, before the library has heard of their announcement."""

    def own(self, department_id: UUID) -> OwnCalendar:
        """As the command takes it."""
        week = (
            None
            if self.week is None
            else {
                _WEEK.index(day): tuple(Period(span.start, span.end) for span in spans)
                for day, spans in self.week.items()
            }
        )
        return OwnCalendar(
            department_id,
            self.zone,
            week,
            self.holidays,
            {day: kind == "worked" for day, kind in self.days.items()},
            frozenset(self.final_years),
        )


class Warned(Answer):
    """Something that the reader should know although nothing is refused."""

    code: str
    years: tuple[int, ...]
    text: str
    """In the caller's language."""

    @classmethod
    def of_years(cls, years: tuple[int, ...], language: Language) -> tuple[Self, ...]:
        """The warning that these years' days off are a guess; none where they are all known."""
        if not years:
            return ()
        text = text_for(UNANNOUNCED, 200)
        told = f"{', '.join(map(str, years))}: {text.title(language)} {text.detail(language)}"
        return (cls(code=UNANNOUNCED, years=years, text=told),)


class SpanView(Answer):
    """A working span, local time."""

    start: time
    end: time


class DayView(Answer):
    """One day as the calendar has it: no spans, nobody works."""

    day: date
    spans: tuple[SpanView, ...]


class CalendarView(Answer):
    """What the department says itself, and what holds for it."""

    department_id: UUID
    zone: str
    own: CalendarRequest
    version: int
    """0: the department says nothing itself."""
    days: tuple[DayView, ...]
    warnings: tuple[Warned, ...]


class NoticeView(Answer):
    """From when on a guest may come without a reason for the haste."""

    asked: datetime
    earliest_arrival: datetime
    working_days: int
    warnings: tuple[Warned, ...]

    @classmethod
    def of(cls, asked: datetime, working_days: int, notice: Notice, language: Language) -> Self:
        """The notice as it is told."""
        warnings = Warned.of_years(notice.unannounced, language)
        return cls(asked=asked, earliest_arrival=notice.earliest, working_days=working_days, warnings=warnings)


def told(own: OwnCalendar | None) -> CalendarRequest:
    """What a department says, as it would be sent."""
    if own is None:
        return CalendarRequest()
    week = (
        None
        if own.week is None
        else {
            _WEEK[day]: tuple(Span(start=each.start, end=each.end) for each in periods)
            for day, periods in sorted(own.week.items())
        }
    )
    return CalendarRequest.model_validate(
        {
            "zone": own.zone,
            "week": week,
            "holidays": own.holidays,
            "days": {day: "worked" if worked else "off" for day, worked in own.days.items()},
            "final_years": tuple(sorted(own.final_years)),
        }
    )
