"""The form as it comes over HTTP: phone numbers and instants are read as everywhere."""

from __future__ import annotations

from pydantic import Field

from services.intake.forms.model import MOST_VISITORS, Form, Transport, Visitor
from shared.web.fields import Instant, Phone


class VisitorRow(Visitor):
    """A row of the form."""

    phone: Phone | None = None


class Leg(Transport):
    """A way here or home."""

    departs: Instant | None = None
    arrives: Instant | None = None


class FormRequest(Form):
    """The application form of a reception (FM-01)."""

    visitors: tuple[VisitorRow, ...] = Field(min_length=1, max_length=MOST_VISITORS)
    inbound: Leg | None = None
    outbound: Leg | None = None
