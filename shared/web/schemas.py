"""What goes over HTTP: the bases of requests and answers, and the problem that every error is told as."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Request(BaseModel):
    """What a caller sends. Unknown fields are refused; errors never repeat what was sent."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)


class Answer(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Fault(BaseModel):
    """One of several things to mend."""

    model_config = ConfigDict(frozen=True)

    code: str
    field: str
    expected: str


class Problem(BaseModel):
    """An error as RFC 9457 has it (`application/problem+json`); no part of it repeats what the caller sent."""

    model_config = ConfigDict(frozen=True)

    type: str
    """`urn:frontdesk:problem:` and the code."""
    title: str
    """One sentence in the caller's language."""
    status: int
    code: str
    """Stable: programs decide by this."""
    detail: str
    """What to do now, in the caller's language."""
    field: str | None = None
    """JSONPath (RFC 9535) of the value in the body to mend, or `query.…`, `path.…`, `header.…`."""
    expected: str | None = None
    """What would have been accepted."""
    errors: tuple[Fault, ...] | None = None
    """Everything that is to be mended, the first of which stands in `field`, where that is more than one thing."""
    permission: str | None = None
    """The permission that the caller lacks, where that is why."""
    instance: str
    """`urn:uuid:` and the request's correlation id, to be named when asking for help."""
