"""What goes over the directory's routes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.security.passwords import MAX_LENGTH
from shared.web.fields import Email
from shared.web.schemas import Answer, Request


class TokenRequest(Request):
    """E-mail address and password of a member of staff."""

    email: Email
    password: str = Field(min_length=1, max_length=MAX_LENGTH, repr=False)


class TokenAnswer(Answer):
    """A staff token (RFC 6750)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    """Seconds."""
