"""One TCP connection that speaks SMPP, from either end: requests with a window and response timers, answers, probes."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from services.notify.providers.smpp import codec, status
from services.notify.providers.smpp.errors import NoAnswer, NotSent, PduError
from services.notify.providers.smpp.pdu import PDUS, RESPONSE, EnquireLink, EnquireLinkResp, GenericNack, Pdu, Unbind

log = structlog.get_logger(__name__)

Answer = Callable[[Pdu], Awaitable[Pdu | None]]
"""Answers a request of the other side; None sends nothing. The link copies the request's sequence number."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Bounds of one link; times in seconds."""

    window: int = 10
    """Requests of ours that may wait for their answers at once."""
    response_timeout: float = 10.0
    enquire_interval: float = 30.0
    """Silence after which the other side is asked whether it is there; no answer ends the link."""
    answering: int = 200
    """Requests of theirs that may be in work at once; more are told that the queue is full."""


class Link:
    """Owns the connection. `run` reads until it ends; whatever waits for an answer then gets `NoAnswer`."""

    def __init__(
        self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer, settings: LinkSettings
    ) -> None:
        self._stream = stream
        self._writer = writer
        self._answer = answer
        self._settings = settings
        self._window = asyncio.Semaphore(settings.window)
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._sequence = 0
        self._heard = asyncio.Event()
        self.closed = asyncio.Event()

    async def run(self) -> None:
        """Reads, answers and probes until the other side leaves, the link breaks, or `close` is called."""
        probing = asyncio.create_task(self._probe())
        try:
            while not self.closed.is_set():
                try:
                    pdu = await codec.read(self._stream)
                except PduError as error:
                    if not await self._nack(error):
                        return
                    continue
                self._heard.set()
                await self._take(pdu)
        except (EOFError, OSError):
            return
        finally:
            self.close()
            probing.cancel()
            for task in self._answering:
                task.cancel()
            await asyncio.gather(probing, *self._answering, return_exceptions=True)

    async def ask(self, request: Pdu) -> Pdu:
        """Sends a request and waits for its answer. Raises NotSent or NoAnswer, ValueError for an unfit field."""
        await self._enter_window()
        try:
            sequence = self._next_sequence()
            octets = codec.encode(dataclasses.replace(request, sequence=sequence))
            if self.closed.is_set():
                raise NotSent("not-bound")
            answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
            self._waiting[sequence] = answer
            try:
                self._writer.write(octets)
                async with asyncio.timeout(self._settings.response_timeout):
                    await self._writer.drain()
                    return await answer
            except TimeoutError:
                raise NoAnswer("response-timeout") from None
            except OSError:
                raise NoAnswer("link-dropped") from None
            finally:
                del self._waiting[sequence]
                answer.cancel()
        finally:
            self._window.release()

    def close(self) -> None:
        """Ends the link; what is written may still leave within a second. Idempotent."""
        if not self.closed.is_set():
            self.closed.set()
            self._writer.close()
            # A peer that reads nothing would keep a polite close waiting for ever.
            asyncio.get_running_loop().call_later(1.0, self._writer.transport.abort)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(NoAnswer("link-dropped"))

    async def _enter_window(self) -> None:
        try:
            async with asyncio.timeout(self._settings.response_timeout):
                await self._window.acquire()
        except TimeoutError:
            raise NotSent("window-full") from None

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        return self._sequence

    async def _take(self, pdu: Pdu) -> None:
        if pdu.COMMAND & RESPONSE:
            answer = self._waiting.get(pdu.sequence)
            if answer is not None and not answer.done():
                answer.set_result(pdu)
            return
        if isinstance(pdu, EnquireLink):
            await self._send(EnquireLinkResp(sequence=pdu.sequence))
        elif len(self._answering) >= self._settings.answering:
            await self._send(PDUS[pdu.COMMAND | RESPONSE](sequence=pdu.sequence, status=status.QUEUE_FULL))
        else:
            task = asyncio.create_task(self._respond(pdu))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _respond(self, pdu: Pdu) -> None:
        try:
            response = await self._answer(pdu)
        except Exception as error:  # noqa: BLE001 - whatever it was, the other side keeps the message and brings it again
            log.warning("smpp.answer_failed", command=type(pdu).__name__, error=type(error).__name__)
            response = PDUS[pdu.COMMAND | RESPONSE](status=status.RECEIVER_TEMPORARY)
        if response is None:
            return
        try:
            await self._send(dataclasses.replace(response, sequence=pdu.sequence))
        except OSError:
            # Not heard: the other side brings its request again on the next link.
            self.close()
        if isinstance(pdu, Unbind):
            self.close()

    async def _nack(self, error: PduError) -> bool:
        """Answers what could not be read; False where the stream is out of step and has to end."""
        log.warning("smpp.malformed_pdu", command=f"0x{error.command_id:08x}", status=f"0x{error.status:08x}")
        if error.command_id & RESPONSE:
            # Answering an answer could go on for ever; the request it belongs to has got no usable one.
            answer = self._waiting.get(error.sequence)
            if answer is not None and not answer.done():
                answer.set_exception(NoAnswer("unreadable-answer"))
        else:
            await self._send(GenericNack(sequence=error.sequence, status=error.status))
        return not error.fatal

    async def _send(self, pdu: Pdu) -> None:
        if not self.closed.is_set():
            self._writer.write(codec.encode(pdu))
            # A peer that asks and never reads the answers must not make us keep them all.
            await self._writer.drain()

    async def _probe(self) -> None:
        while True:
            self._heard.clear()
            try:
                async with asyncio.timeout(self._settings.enquire_interval):
                    await self._heard.wait()
            except TimeoutError:
                try:
                    await self.ask(EnquireLink())
                except NoAnswer:
                    self.close()
                    return
                except NotSent:
                    # A full window means requests without answers: their timers decide, and a closed link ends `run`.
                    continue
            else:
                await asyncio.sleep(min(1.0, self._settings.enquire_interval))
