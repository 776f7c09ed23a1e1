"""The socket on which a role answers."""

from __future__ import annotations

import socket

from deploy.local.ports import claim_ports
from shared.runtime.http import listen


def test_given_a_caller_when_it_is_accepted_then_its_answers_do_not_wait_for_acknowledgements() -> None:
    """asyncio leaves Nagle's algorithm on for sockets of `socket.create_server`: their protocol number is 0."""
    claimed = claim_ports()
    try:
        with listen("127.0.0.1", claimed.spare()) as listening, socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        claimed.release()
