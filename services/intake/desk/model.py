"""What the desk writes down of somebody who comes in (IN-04, IN-05, IN-06). Pure."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from services.intake.standards.model import Part, Word

GuestKind = Literal["applicant", "business", "regular"]
"""The kinds of unannounced guests; an applicant for a job is asked nothing afterwards."""

Identity = Literal["known-in-person", "business-card", "id-document", "invitation"]
"""By what the desk made sure who somebody is. What stands on a document is written down nowhere."""


class ApplicantForm(Part):
    """What an applicant fills in who has no papers along; it goes to the interviewer (FM-05)."""

    position: Word
    education: str | None = Field(default=None, max_length=300)
    experience: str | None = Field(default=None, max_length=2_000)
    available_from: date | None = None
    remarks: str | None = Field(default=None, max_length=1_000)
