"""What the sandbox can be told to do wrong, for tests and for people who want to see it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=3600)]


class _Fault(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    times: int = Field(1, ge=1, le=100_000, description="how many of the next messages it happens to")
    recipient: str | None = Field(None, description="only messages to this address")
    delay: Seconds = Field(0, description="seconds before the answer")


class SmsFault(_Fault):
    """What goes wrong with the next submitted segments."""

    reject: int | None = Field(None, description="command_status to refuse with, e.g. 88 for throttled")
    drop: Literal["no", "taken", "lost"] = Field("no", description="cut the link instead of answering; taken or not")
    silent: bool = Field(False, description="take the message and never answer")
    receipt: Literal["normal", "early", "twice", "none"] = "normal"
    receipt_after: Seconds | None = Field(None, description="seconds until the receipt; unset: 0.05 to 0.5")
    receipt_id: Literal["same", "decimal", "upper"] = "same"
    receipt_state: Literal["DELIVRD", "UNDELIV", "EXPIRED", "REJECTD", "UNKNOWN"] = "DELIVRD"


class MailFault(_Fault):
    """What goes wrong with the next mails."""

    reject: int | None = Field(None, ge=400, le=599, description="SMTP code to refuse with")
    stage: Literal["rcpt", "end"] = Field("end", description="at the recipient, or after the final dot")
    drop: bool = Field(False, description="take the mail and cut the link instead of answering the final dot")
    report: Literal["normal", "failed", "twice", "none"] = "normal"


class FaultOrder(BaseModel):
    """Faults to add; each waits for its turn, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sms: SmsFault | None = None
    mail: MailFault | None = None


class Faults:
    """Faults that wait for a message."""

    def __init__(self) -> None:
        self._sms: list[SmsFault] = []
        self._mail: list[MailFault] = []

    def add(self, order: FaultOrder) -> None:
        """Puts faults at the end of their queue. Raises ValueError when 1000 wait already."""
        if len(self._sms) + len(self._mail) >= 1000:
            raise ValueError("too many faults wait")
        if order.sms is not None:
            self._sms.append(order.sms)
        if order.mail is not None:
            self._mail.append(order.mail)

    def clear(self) -> None:
        """Everything goes well again."""
        self._sms.clear()
        self._mail.clear()

    def next_sms(self, recipient: str) -> SmsFault:
        """What happens to this segment; one that changes nothing where no fault waits for it."""
        return _take(self._sms, recipient) or SmsFault()

    def next_mail(self, recipient: str) -> MailFault:
        """What happens to this mail."""
        return _take(self._mail, recipient) or MailFault()


_F = TypeVar("_F", bound=_Fault)


def _take(waiting: list[_F], recipient: str) -> _F | None:
    for position, fault in enumerate(waiting):
        if fault.recipient in (None, recipient):
            if fault.times == 1:
                del waiting[position]
            else:
                waiting[position] = fault.model_copy(update={"times": fault.times - 1})
            return fault
    return None
