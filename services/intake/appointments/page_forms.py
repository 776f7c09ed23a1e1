"""What a browser sends from the pages: read, and told field by field what is to be mended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self
from urllib.parse import parse_qsl
from uuid import UUID, uuid5

from pydantic import Field, ValidationError
from starlette.requests import Request as HTTPRequest

from services.intake.appointments.commands import Booking
from services.intake.appointments.schemas import Plate
from services.intake.visits.schemas import GuestRequest
from shared.kernel.errors import Refused
from shared.web.fields import Instant
from shared.web.language import Language
from shared.web.problems import faults
from shared.web.schemas import Request
from shared.web.texts import text_for

_MOST_FIELDS = 20

Sent = Mapping[str, str]


class SlotForm(Request):
    """Which slot was chosen."""

    starts: Instant


class BookingForm(SlotForm):
    """The page of an offer. `once` is new on every page that is opened."""

    once: UUID
    head_count: int = Field(default=1, ge=1, le=500)
    plate: Plate | None = None
    guest: GuestRequest

    def booking(self, code: str) -> Booking:
        """As the command takes it; another slot, sent from the same page, is another booking."""
        guest = self.guest.claim(vouched=False)
        wish = f"{code} {self.starts.isoformat()} {guest.addresses[0].address_id}"
        return Booking(code, self.starts, guest, self.head_count, self.plate, uuid5(self.once, wish))


class Mistaken(Exception):
    """The form cannot be taken as it is: field → sentence for people; the key "" is about all of it."""

    def __init__(self, found: Mapping[str, str], status: int = 422) -> None:
        super().__init__(", ".join(sorted(found)))
        self.found = dict(found)
        self.status = status

    @classmethod
    def of(cls, no: Refused, language: Language) -> Self:
        """A refusal as it stands beside its field."""
        text = text_for(no.code, no.status)
        return cls({no.field or "": f"{text.title(language)} {text.detail(language)}"}, no.status)


async def read(request: HTTPRequest) -> dict[str, str]:
    """The fields that were filled in, the last of each name. Raises Refused(`malformed-form`, 400)."""
    try:
        text = (await request.body()).decode()
        pairs = parse_qsl(text, max_num_fields=_MOST_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise Refused("malformed-form", status=400, expected="a form of ours") from None
    if any("\x00" in value for _, value in pairs):
        raise Refused("unusable-character", status=400, expected="text without NUL")
    return {name: value.strip() for name, value in pairs if value.strip()}


def slot_of(sent: Sent, language: Language) -> SlotForm:
    """The chosen slot. Raises Mistaken."""
    try:
        return SlotForm.model_validate({name: value for name, value in sent.items() if name == "starts"})
    except ValidationError as error:
        raise _mistaken(error, language) from None


def booking_of(sent: Sent, language: Language) -> BookingForm:
    """What is to be booked. Raises Mistaken."""
    guest = {name: sent[name] for name in ("name", "phone", "email") if name in sent}
    fields = {name: sent[name] for name in ("starts", "once", "head_count", "plate") if name in sent}
    try:
        return BookingForm.model_validate({**fields, "guest": {**guest, "language": language}})
    except ValidationError as error:
        raise _mistaken(error, language) from None


def _mistaken(error: ValidationError, language: Language) -> Mistaken:
    told = faults([{**one, "loc": ("body", *one["loc"])} for one in error.errors()], language)
    return Mistaken({fault.field.removeprefix("$").rpartition(".")[2]: fault.expected for fault in told})
