"""Makes `.venv` from a committed lock, with nothing but this Python.

`python3 deploy/local/bootstrap.py [--dev | --bench]`

Runs before anything is installed, so it uses the standard library only. Done once per lock: a stamp tells.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
UV_VENV = ROOT / ".venv-uv"
STAMP = VENV / "synced.json"
RUN, DEV, BENCH = (ROOT / f"requirements{which}.lock" for which in ("", "-dev", "-bench"))
UV = Path(__file__).with_name("bootstrap.lock")

COMMAND = """\
#!/bin/sh
# Written by deploy/local/bootstrap.py. Byte code is kept: without it every start takes three times as long.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 1
unset PYTHONDONTWRITEBYTECODE
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$root/.venv/bin/python" -m deploy.local "$@"
"""


def main() -> None:
    """Leaves `.venv` as the lock says, or exits with one sentence."""
    locks = [RUN, DEV, BENCH]  # each holds all of those before it
    del locks[3 if "--bench" in sys.argv[1:] else 2 if "--dev" in sys.argv[1:] else 1 :]
    wanted = {lock.name: hashlib.sha256(lock.read_bytes()).hexdigest() for lock in locks}
    done = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    if wanted.items() <= done.items():
        return
    print(f"Setting up {VENV} from {locks[-1].name} …", flush=True)
    try:
        uv = find_uv()
        if not (VENV / "bin" / "python").exists():
            run([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, VENV])
        STAMP.unlink(missing_ok=True)
        run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", VENV / "bin" / "python", locks[-1]])
        write_command()
        STAMP.write_text(json.dumps(wanted))
    except subprocess.CalledProcessError as error:
        sys.exit(f"Set-up stopped (exit code {error.returncode}, see above): mend that and run the command again.")
    except OSError as error:
        sys.exit(f"Set-up stopped ({error}): mend that and run the command again.")


def find_uv() -> str:
    """A `uv` on the PATH that works, else one in a venv of its own."""
    found = shutil.which("uv")
    # It may be a version manager's shim with nothing behind it.
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
        return found
    own = UV_VENV / "bin" / "uv"
    if not own.exists():
        if importlib.util.find_spec("ensurepip") is None:
            sys.exit("This Python comes without pip: sudo apt install python3-venv")
        shutil.rmtree(UV_VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", UV_VENV])
        pip = str(UV_VENV / "bin" / "pip")
        run([pip, "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", UV])
    return str(own)


def write_command() -> None:
    """`.venv/bin/frontdesk`: the checkout is run as it stands, nothing is built or installed of it."""
    path = VENV / "bin" / "frontdesk"
    path.write_text(COMMAND)
    path.chmod(0o755)


def run(command: list[str | Path]) -> None:
    """Raises CalledProcessError. VIRTUAL_ENV of an outer shell must not lead uv elsewhere."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run(list(map(str, command)), check=True, env=environment)


if __name__ == "__main__":
    main()
