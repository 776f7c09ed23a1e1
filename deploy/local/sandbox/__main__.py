"""`python -m deploy.local.sandbox`: runs until SIGINT or SIGTERM. Ports follow FRONTDESK_PORT_BASE."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from deploy.local.sandbox.sandbox import NUMBERS, PASSWORD, SYSTEM_ID, Sandbox, SandboxSettings


def from_environment() -> SandboxSettings:
    """FRONTDESK_PORT_BASE (18000) moves all ports; each, the account, the numbers and the seed can be set alone."""
    base = int(os.environ.get("FRONTDESK_PORT_BASE", "18000"))

    def port(name: str, offset: int) -> int:
        return int(os.environ.get(name, str(base + offset)))

    return SandboxSettings(
        smtp_port=port("FRONTDESK_SANDBOX_SMTP_PORT", 25),
        smsc_port=port("FRONTDESK_SANDBOX_SMSC_PORT", 75),
        http_port=port("FRONTDESK_SANDBOX_HTTP_PORT", 80),
        reports_to=("127.0.0.1", port("FRONTDESK_NOTIFY_RECEIVER_PORT", 26)),
        system_id=os.environ.get("FRONTDESK_SANDBOX_SYSTEM_ID", SYSTEM_ID),
        password=os.environ.get("FRONTDESK_SANDBOX_PASSWORD", PASSWORD),
        numbers=tuple(os.environ.get("FRONTDESK_SANDBOX_NUMBERS", ",".join(NUMBERS)).split(",")),
        seed=int(os.environ.get("FRONTDESK_SANDBOX_SEED", "0")),
    )


async def run(settings: SandboxSettings) -> int:
    """Serves until told to stop; 1 where a port is taken."""
    sandbox = Sandbox(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await sandbox.start()
    except OSError as error:
        await sandbox.stop()
        print(f"the sandbox cannot listen: {error.strerror}; set FRONTDESK_PORT_BASE to another base", file=sys.stderr)
        return 1
    print(
        f"sandbox ready: SMTP {sandbox.smtp_port}, SMPP {sandbox.smsc_port}, "
        f"inbox http://{settings.host}:{sandbox.http_port}/messages",
        flush=True,
    )
    await stopping.wait()
    await sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(from_environment())))
