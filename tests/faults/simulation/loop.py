"""An event loop in simulated time that a seed drives: several processes, of which one step at a time runs.

Within a process callbacks run in the order in which asyncio would run them; which process goes next, and where one is
killed or stopped, is drawn from the seed.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class Stalled(Exception):
    """Nothing is left to run, and yet the end has not come."""


class Handle:
    """A callback that waits for its turn; asyncio cancels it by `cancel`."""

    __slots__ = ("args", "callback", "cancelled_", "context", "process", "when")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context, process: Process, when: float
    ) -> None:
        self.callback = callback
        self.args = args
        self.context = context
        self.process = process
        self.when = when
        self.cancelled_ = False

    def cancel(self) -> None:
        """It will not run."""
        self.cancelled_ = True

    def cancelled(self) -> bool:
        """Whether it was taken back."""
        return self.cancelled_


class Process:
    """What dies together: its callbacks, its timers, its tasks and its database sessions."""

    def __init__(self, loop: Loop, name: str, skew: float = 0.0) -> None:
        self.loop = loop
        self.name = name
        self.skew = skew
        """Seconds that its wall clock is ahead of the database's."""
        self.queue: deque[Handle] = deque()
        self.tasks: list[tuple[asyncio.Task[Any], Context]] = []
        self.alive = True
        self.stopped_until = 0.0
        self.at_death: list[Callable[[], None]] = []
        self.steps_left: int | None = None
        self.at_step: Callable[[], None] = self.kill

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs a coroutine as part of this process."""
        context = copy_context()
        context.run(PROCESS.set, self)
        return self.loop.create_task(coroutine, context=context)

    def in_steps(self, steps: int, what: Callable[[], None]) -> None:
        """Does something to it at its n-th talk with the world from now on."""
        self.steps_left, self.at_step = steps, what

    def talks(self) -> None:
        """It is about to send something or to hear something."""
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left <= 0:
                self.steps_left = None
                self.at_step()

    def stop(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after some seconds."""
        self.stopped_until = max(self.stopped_until, self.loop.now + seconds)
        self.loop.at(self.stopped_until, lambda: None)

    def kill(self) -> None:
        """SIGKILL: nothing of it runs again; what it had not committed is gone."""
        if not self.alive:
            return
        self.alive = False
        self.queue.clear()
        for end in self.at_death:
            end()
        self.loop.dead.append(self)

    def bury(self) -> None:
        """Unwinds what it was doing, so that the interpreter can let go of it; it can reach nothing any more."""
        for task, context in self.tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine = task.get_coro()
            for _ in range(20):
                try:
                    context.run(coroutine.close)  # type: ignore[union-attr]
                except RuntimeError:
                    continue  # it waited for something while it was closed
                except Exception:  # noqa: BLE001 - what a dead process raises is nobody's
                    break
                break
        self.tasks.clear()


class Loop(asyncio.AbstractEventLoop):
    """The part of an event loop that tasks, futures, timeouts and events need."""

    def __init__(self, rng: random.Random, haste: float = 0.5) -> None:
        self.rng = rng
        self.now = 0.0
        self.haste = haste
        """How likely the process that ran last runs its next step too."""
        self.processes: list[Process] = []
        self.dead: list[Process] = []
        self.current: Process | None = None
        self.steps = 0
        self.trouble: list[str] = []
        self._timers: list[tuple[float, int, Handle | Callable[[], None]]] = []
        self._numbers = itertools.count()
        self.world = self.process("world")

    def process(self, name: str, skew: float = 0.0) -> Process:
        """A new process."""
        made = Process(self, name, skew)
        self.processes.append(made)
        return made

    def run(self, until: float, done: Callable[[], bool]) -> None:
        """Runs until the instant, or until `done` says so after a step of time."""
        asyncio.events._set_running_loop(self)
        try:
            while not done():
                self._run_ready()
                self._bury()
                if not self._timers:
                    raise Stalled
                if self._timers[0][0] > until:
                    self.now = until
                    return
                self._advance()
        finally:
            asyncio.events._set_running_loop(None)

    def close(self) -> None:
        """Ends every process."""
        asyncio.events._set_running_loop(self)
        try:
            for process in self.processes:
                process.kill()
            self._bury()
        finally:
            asyncio.events._set_running_loop(None)
        self._timers.clear()

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Does something of the world's own at an instant."""
        heapq.heappush(self._timers, (when, next(self._numbers), what))

    def _advance(self) -> None:
        when, _, _ = self._timers[0]
        self.now = max(self.now, when)
        while self._timers and self._timers[0][0] <= self.now:
            _, _, due = heapq.heappop(self._timers)
            if not isinstance(due, Handle):
                due()
            elif not due.cancelled_ and due.process.alive:
                due.process.queue.append(due)

    def _run_ready(self) -> None:
        rng, last = self.rng, None
        while True:
            ready = [p for p in self.processes if p.queue and p.stopped_until <= self.now]
            if not ready:
                return
            if last not in ready or (len(ready) > 1 and rng.random() > self.haste):
                last = ready[int(rng.random() * len(ready))]
            handle = last.queue.popleft()
            if handle.cancelled_:
                continue
            self.steps += 1
            self.current = last
            try:
                handle.context.run(handle.callback, *handle.args)
            except Exception as error:  # noqa: BLE001 - told at the end: no callback may raise
                self.trouble.append(f"{last.name}: {type(error).__name__}: {error}")
            finally:
                self.current = None

    def _bury(self) -> None:
        while self.dead:
            process = self.dead.pop()
            self.processes.remove(process)
            process.bury()

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self.now

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def get_debug(self) -> bool:
        return False

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:
        context = context or copy_context()
        process = context.get(PROCESS) or self.world
        handle = Handle(callback, args, context, process, self.now)
        if process.alive:
            process.queue.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> Any:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> Any:
        context = context or copy_context()
        process = context.get(PROCESS) or self.world
        handle = Handle(callback, args, context, process, when)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:
        context = context or copy_context()
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        process = context.get(PROCESS) or self.world
        if len(process.tasks) > 50:
            process.tasks = [each for each in process.tasks if not each[0].done()]
        process.tasks.append((task, context))
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.trouble.append(f"{context.get('message')}: {type(error).__name__}: {error}")
