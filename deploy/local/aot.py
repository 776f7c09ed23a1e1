"""The JDK's ahead-of-time cache for Kafka: made once in the background, it makes every later start 4 s shorter."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from pathlib import Path

from deploy.local.kafka import Kafka
from deploy.local.ports import claim_ports
from deploy.local.trouble import Trouble

_PATIENCE = 200
"""Tenths of a second that a cancelled training has to end."""


class Training:
    """A node of its own, on a folder and ports of its own, started and stopped once while the JDK takes notes."""

    def __init__(self, kafka: Kafka | None) -> None:
        self._kafka = kafka
        self._node: Kafka | None = None
        self._thread: threading.Thread | None = None
        self._cancelled = threading.Event()

    def begin(self) -> None:
        """Begins where there is a node of ours and no cache yet. The thread outlives the node it starts."""
        if self._kafka is None or not self._kafka.can_cache:
            return
        _tidy(self._kafka.cache)
        if not self._kafka.cache.exists():
            self._thread = threading.Thread(target=self._train, name="kafka-aot", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Ends it at once; what is half made is thrown away."""
        self._cancelled.set()
        if self._thread is None:
            return
        for _ in range(_PATIENCE):
            # Again and again: at the first time the node may be just about to start, with nothing to kill yet.
            if self._node is not None:
                self._node.kill()
            self._thread.join(0.1)
            if not self._thread.is_alive():
                return

    def _train(self) -> None:
        assert self._kafka is not None
        home = self._kafka.home.with_name("kafka-training")
        notes = self._kafka.cache.with_suffix(".part")
        ports = claim_ports()
        self._node = Kafka(home, ports.spare(), ports.spare(), jar_folder=self._kafka.jar_folder, notes=notes)
        with contextlib.suppress(Trouble, OSError):  # without the cache everything works, only slower
            self._node.start()
            self._node.stop(seconds=60)  # the JDK writes its notes now, for some ten seconds
            if not self._cancelled.is_set():
                os.replace(notes, self._kafka.cache)
        ports.release()
        shutil.rmtree(home, ignore_errors=True)
        _tidy(self._kafka.cache)


def _tidy(cache: Path) -> None:
    # Caches of other versions, and what a killed run left: the JDK writes a file beside the one it is told.
    for pattern in ("kafka-*.aot", "kafka-*.part*"):
        for path in cache.parent.glob(pattern):
            if path != cache:
                path.unlink(missing_ok=True)
