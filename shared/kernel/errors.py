"""What the domain says when it does not do as asked; the edges translate it (RFC 9457, held events)."""

from __future__ import annotations


class Refused(Exception):
    """The model forbids what was asked. Nothing was changed.

    `code` is stable and part of the API (`ticket-state`); `status` the HTTP status; `field` the JSON path of the
    value to mend; `expected` what would have been accepted, in words or values that are no personal data; `permission`
    the one that the caller lacks.
    """

    def __init__(
        self,
        code: str,
        *,
        status: int = 409,
        field: str | None = None,
        expected: str | None = None,
        permission: str | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.field = field
        self.expected = expected
        self.permission = permission


class NotFound(Refused):
    """There is no such thing, or the caller may not know of it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}-not-found", status=404)


class Superseded(Exception):
    """An event speaks of an older revision or of a subject that has ended: recorded, and nothing else done."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stale(Exception):
    """An event is older than the age beyond which its reaction starts nothing (no notice, no callback)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
