"""`command_status` values that we act on (SMPP 3.4 §5.1.3)."""

from __future__ import annotations

OK = 0x00000000
INVALID_MESSAGE_LENGTH = 0x00000001
INVALID_COMMAND_LENGTH = 0x00000002
INVALID_COMMAND_ID = 0x00000003
INCORRECT_BIND_STATUS = 0x00000004
ALREADY_BOUND = 0x00000005
SYSTEM_ERROR = 0x00000008
INVALID_SOURCE = 0x0000000A
INVALID_DESTINATION = 0x0000000B
BIND_FAILED = 0x0000000D
INVALID_PASSWORD = 0x0000000E
INVALID_SYSTEM_ID = 0x0000000F
QUEUE_FULL = 0x00000014
THROTTLED = 0x00000058
RECEIVER_TEMPORARY = 0x00000064
"""Sent by us: could not store it now, bring it again."""
RECEIVER_PERMANENT = 0x00000065
"""Sent by us: unreadable, do not bring it again."""
INVALID_OPTIONAL = 0x000000C0
INVALID_PARAMETER_LENGTH = 0x000000C2

PERMANENT = frozenset(
    {0x01, 0x02, 0x03, 0x06, 0x07, 0x0A, 0x0B, 0x11, 0x13, 0x15, 0x33, 0x34, 0x61, 0x62}
    | set(range(0x40, 0x45))
    | set(range(0x48, 0x58))
    | set(range(0xC0, 0xC5))
)
"""Answers to a submit that the same submit would get again: something in it is wrong. All others (throttled, queue
full, system error, a vendor's own codes) are worth another try later."""


def code(status: int) -> str:
    """The stable code of an error answer, e.g. `smpp-0x00000058`."""
    return f"smpp-0x{status:08x}"
