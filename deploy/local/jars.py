"""Exactly the jars of `jars.lock.toml` in one folder: fetched in parallel, SHA-256 checked, offline when complete.

The check is ours because jgo's resolver trusts whatever it finds: a truncated or altered jar passes it unseen.
"""

from __future__ import annotations

import concurrent.futures
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.trouble import Trouble

LOCK = Path(__file__).with_name("jars.lock.toml")
SHARED_FOLDER = Path(__file__).parents[2] / ".data" / "jars"
"""One folder per checkout, whatever the data folder is: jars are the same for all of them."""

_WORKERS, _TRIES, _TIMEOUT_SECONDS = 8, 3, 30

Progress = Callable[[int, int], None]
"""Told (jars fetched, jars to fetch) after each one."""


class JarDiffers(Exception):
    """What came is not what was locked."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One row of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """Its file name."""
        return f"{self.artifact}-{self.version}.jar"

    def is_in(self, folder: Path) -> bool:
        """Whether `folder` holds it, whole and unaltered."""
        path = folder / self.name
        return path.exists() and _sha256(path) == self.sha256


def locked(lock: Path = LOCK) -> list[Jar]:
    """The rows of the lock, in the order of the class path."""
    rows = tomllib.loads(lock.read_text(encoding="utf-8"))["dependencies"]
    return [Jar(row["groupId"], row["artifactId"], row["version"], row["sha256"]) for row in rows]


def ensure(folder: Path = SHARED_FOLDER, progress: Progress | None = None, lock: Path = LOCK) -> list[Path]:
    """The locked jars in `folder`, fetched where missing or altered; everything else that ends in .jar is removed.

    A run that was killed leaves nothing that a later one trusts. Raises Trouble(`jar-failed`).
    """
    jars = locked(lock)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)  # two runs of one checkout: the second waits, then finds all there
        _clean(folder, {jar.name for jar in jars})
        missing = [jar for jar in jars if not jar.is_in(folder)]
        if missing:
            _fetch_all(missing, folder, progress or (lambda _done, _of: None))
    return [folder / jar.name for jar in jars]


def _clean(folder: Path, wanted: set[str]) -> None:
    for stump in folder.glob(".part-*"):
        shutil.rmtree(stump)
    for stray in folder.glob("*.jar"):
        if stray.name not in wanted:
            stray.unlink()


def _fetch_all(missing: list[Jar], folder: Path, progress: Progress) -> None:
    progress(0, len(missing))
    with concurrent.futures.ThreadPoolExecutor(_WORKERS) as pool:
        fetches = {pool.submit(_fetch, jar, folder): jar for jar in missing}
        try:
            for done, fetch in enumerate(concurrent.futures.as_completed(fetches), 1):
                try:
                    fetch.result()
                except Exception as error:
                    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                    raise Trouble("jar-failed", jar=fetches[fetch].name, reason=reason) from error
                progress(done, len(missing))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _fetch(jar: Jar, folder: Path) -> None:
    from jgo.maven import MavenContext  # half a second, and only needed when something is missing

    for attempt in range(1, _TRIES + 1):
        # A throw-away cache for each try: a stump of a former one must not be believed.
        part = Path(tempfile.mkdtemp(dir=folder, prefix=".part-"))
        try:
            component = MavenContext(repo_cache=part, timeout=_TIMEOUT_SECONDS).project(jar.group, jar.artifact)
            path = component.at_version(jar.version).artifact(packaging="jar").resolve()
            if (found := _sha256(path)) != jar.sha256:
                raise JarDiffers(f"its SHA-256 is {found}, the lock says {jar.sha256}")
            os.replace(path, folder / jar.name)
            return
        except Exception:
            if attempt == _TRIES:
                raise
            time.sleep(2**attempt)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
