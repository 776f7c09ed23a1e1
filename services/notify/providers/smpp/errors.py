"""What can be wrong with a PDU or a link. No text carries anything of a message."""

from __future__ import annotations


class PduError(Exception):
    """Octets that are no valid PDU. `status` is the answer they deserve; `fatal` means the stream is out of step."""

    def __init__(self, status: int, *, sequence: int = 0, command_id: int = 0, fatal: bool = False) -> None:
        super().__init__(f"malformed PDU 0x{command_id:08x}: 0x{status:08x}")
        self.status = status
        self.sequence = sequence
        self.command_id = command_id
        self.fatal = fatal


class NotSent(Exception):
    """Nothing of the request left us; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NoAnswer(Exception):
    """The request left and no usable answer came; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
