"""Runs calls of the blob store in threads of each storage, and fails fast while a storage does not answer.

Every call that may touch the disk of a storage goes through its `Lane`. A hanging disk blocks only the threads of its own lane,
never the event loop or threads that another storage needs.

If a call takes longer than a second, the lane probes its storage in a separate thread. If the probe does not return in time,
the storage is silent: pending calls fail, and further ones are rejected without using a thread. The storage is used again once
a probe returns.
"""

from __future__ import annotations

import asyncio
import errno
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, Protocol, TypeVar, runtime_checkable

from contentlib.library.messages import STORAGE_SILENT
from contentlib.library.ports import BlobStore, StorageAway
from contentlib.library.signals import unheard
from contentlib.library.threads import NotStored

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Changed = Callable[[str, float | None], None]
"""Hears that a storage is silent, and for how many seconds; None when it answers again."""

_THREADS = 8  # of a storage
_LONG = 4  # of them, for calls that may take minutes
_LOOK_SECONDS = 0.5
_DOUBT_SECONDS = 1.0  # a call that is out for so long makes the lane probe
_PATIENCE_SECONDS = 4.0  # a probe that is out for so long makes the storage silent
_PROBE_AGAIN_SECONDS = 10.0
_PROBES = 6  # that are out at once: a mount that was replaced frees no thread that waits for the old one
_CALL_SECONDS = 60.0
_LONG_CALL_SECONDS = 900.0
_MOST_LOST = 64  # threads that may hang although the storage answers
_IDLE_SECONDS = 10.0
_AWAY_SECONDS = 120.0  # in which running transfers wait for a storage to come back
_AWAY_PAUSE_SECONDS = 1.0


class StorageSilent(StorageAway):
    """A storage does not answer. A call that had begun may still change something later, so it must not be repeated."""

    def __init__(self, storage: str, seconds: float, *, begun: bool = True) -> None:
        self.storage = storage
        self.fault = STORAGE_SILENT(storage=storage, seconds=f"{seconds:.0f}")
        super().__init__(errno.ETIMEDOUT, self.fault.text, again=not begun)


@runtime_checkable
class Closeable(Protocol):
    """An object that must be closed."""

    def close(self) -> object:
        """Closes it."""


class _Threads:
    """Daemon threads, so that one that hangs does not keep the process from ending. They end when idle."""

    def __init__(self, name: str, most: int) -> None:
        self.most = most
        self._name = name
        self._count = 0
        self._idle = threading.Semaphore(0)
        self._works: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()

    def submit(self, work: Callable[[], None]) -> None:
        """Does the work as soon as a thread is free; it raises nothing."""
        self._works.put(work)
        if self._idle.acquire(blocking=False):
            return
        with self._lock:
            if self._count >= self.most:
                return
            self._count += 1
        threading.Thread(target=self._serve, name=self._name, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                work = self._works.get_nowait()
            except Empty:
                self._idle.release()
                try:
                    work = self._works.get(timeout=_IDLE_SECONDS)
                except Empty:
                    if self._idle.acquire(blocking=False):
                        with self._lock:
                            self._count -= 1
                        return
                    continue
            work()
            del work


class _Call:
    """A running call. `answer` is done when it has returned or its caller no longer waits."""

    __slots__ = ("answer", "begun", "call", "given_up", "loop", "most")

    def __init__(self, call: Callable[[], Any], most: float) -> None:
        self.call = call
        self.most = most
        self.loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Any] = self.loop.create_future()
        self.begun = time.monotonic()
        self.given_up = False


class Waiting:
    """Waits between the attempts to reach a storage, so many seconds at most from the first failure on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline: float | None = None

    async def more(self) -> bool:
        """Returns after a pause, or immediately and False if it has waited long enough."""
        now = time.monotonic()
        self._deadline = now + self._seconds if self._deadline is None else self._deadline
        if now >= self._deadline:
            return False
        await asyncio.sleep(_AWAY_PAUSE_SECONDS)
        return True


class Lane:
    """The threads of one storage, and whether it answers."""

    def __init__(
        self, storage: str, probe: Callable[[], object], changed: Changed, patience: float, away: float = _AWAY_SECONDS
    ) -> None:
        self.storage = storage
        self._away_seconds = away
        self._probe = probe
        self._changed = changed
        self._patience = patience
        self._threads = _Threads(f"storage {storage}", _THREADS)
        self._long = asyncio.Semaphore(_LONG)
        self._out: dict[_Call, None] = {}
        self._lost = 0
        self._probes: list[float] = []
        self._answered = 0.0
        self._silent: float | None = None
        self._watching: asyncio.TimerHandle | None = None

    @property
    def silent(self) -> bool:
        """Whether the storage does not answer."""
        return self._silent is not None

    async def run(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        """Runs a call. Raises StorageSilent if it does not return.

        A cancelled call returns once the thread has finished, so that a file is never closed while it is used.
        """
        return await self._run(partial(call, *arguments, **names), _CALL_SECONDS)

    async def long(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        """The same for a call that may take minutes, a few at a time."""
        async with self._long:
            return await self._run(partial(call, *arguments, **names), _LONG_CALL_SECONDS)

    async def patient(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        """The same as `run` for a running transfer, which waits while the storage is away: the call is repeated."""
        waiting = Waiting(self._away_seconds)
        while True:
            try:
                return await self._run(partial(call, *arguments, **names), _CALL_SECONDS)
            except StorageAway as error:
                if not (error.again and await waiting.more()):
                    raise

    async def stored(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        """The same as `run`; NotStored where the storage fails."""
        try:
            return await self._run(partial(call, *arguments, **names), _CALL_SECONDS)
        except OSError as error:
            raise NotStored(error) from error

    async def release(self, call: Callable[[], object]) -> None:
        """Releases an object once the storage answers. Errors are ignored."""
        done = self._submit(call, math.inf)
        while self._silent is None and not done.answer.done():
            await asyncio.wait({done.answer}, timeout=_LOOK_SECONDS)
        if done.answer.done():
            with suppress(OSError):
                done.answer.result()

    async def pieces(self, read: Callable[[int], Iterator[bytes]], start: int = 0) -> AsyncIterator[bytes]:
        """The bytes that a call gives piece by piece from a position on. It is called again while the storage is away.

        The next piece is read while the caller uses the last one.
        """
        waiting = Waiting(self._away_seconds)
        while True:
            ahead: asyncio.Future[bytes] | None = None
            try:
                pieces = await self.run(read, start)
                ahead = asyncio.ensure_future(self.run(next, pieces, b""))
                while piece := await ahead:
                    ahead = asyncio.ensure_future(self.run(next, pieces, b""))
                    waiting = Waiting(self._away_seconds)
                    start += len(piece)
                    yield piece
                return
            except StorageAway:  # reading changes nothing, so a call that hangs can be repeated too
                if not await waiting.more():
                    raise
            finally:
                if ahead is not None:
                    ahead.cancel()
                    await asyncio.gather(ahead, return_exceptions=True)

    # calls

    async def _run(self, call: Callable[[], Result], most: float) -> Result:
        if self._silent is not None:
            raise StorageSilent(self.storage, time.monotonic() - self._silent, begun=False)
        if self._lost >= _MOST_LOST:
            raise StorageSilent(self.storage, most, begun=False)
        result: Result = await self._wait(self._submit(call, most))
        return result

    async def _wait(self, out: _Call) -> Any:
        try:
            return await asyncio.shield(out.answer)
        except asyncio.CancelledError:
            await asyncio.wait({out.answer})
            if out.answer.exception() is None:
                self._drop(out.answer.result())
            raise

    def _submit(self, call: Callable[[], Any], most: float) -> _Call:
        out = _Call(call, most)
        self._out[out] = None
        self._threads.submit(partial(self._do, out))
        if self._watching is None:
            self._watching = out.loop.call_later(_LOOK_SECONDS, self._look)
        return out

    def _do(self, out: _Call) -> None:
        """Does a call, in a thread."""
        result, error = None, None
        try:
            if not out.given_up:  # before it could begin
                result = out.call()
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is closed
            out.loop.call_soon_threadsafe(self._back, out, result, error)

    def _back(self, out: _Call, result: Any, error: BaseException | None) -> None:
        self._answered = time.monotonic()
        self._out.pop(out, None)
        if out.given_up:
            self._lost -= 1
            self._threads.most -= 1
            self._drop(result)
        elif error is not None:
            out.answer.set_exception(error)
        else:
            out.answer.set_result(result)

    def _drop(self, result: Any) -> None:
        if isinstance(result, Closeable):
            close = result.close
            self._threads.submit(lambda: _quietly(close))

    # silence

    def _look(self) -> None:
        """Looks, while calls are out, whether the storage answers."""
        now = time.monotonic()
        for out in list(self._out):
            if now - out.begun > out.most:
                self._give_up(out)
        if self._probes and self._silent is None and now - self._probes[0] > self._patience:
            self._fall_silent(self._probes[0])
        oldest = next(iter(self._out), None)
        doubtful = oldest is not None and now - max(oldest.begun, self._answered) > _DOUBT_SECONDS
        if (doubtful and not self._probes) or (self._probes and now - self._probes[-1] > _PROBE_AGAIN_SECONDS):
            self._send_probe(now)
        more = bool(self._out or self._probes)
        self._watching = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look) if more else None

    def _send_probe(self, now: float) -> None:
        if len(self._probes) < _PROBES:
            self._probes.append(now)
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._ask, args=(loop, now), name=f"probe {self.storage}", daemon=True).start()

    def _ask(self, loop: asyncio.AbstractEventLoop, begun: float) -> None:
        """Probes the storage, in a thread; an error is an answer too."""
        with suppress(OSError):
            self._probe()
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._answers, begun)

    def _answers(self, begun: float) -> None:
        self._probes.remove(begun)
        self._answered = time.monotonic()
        if self._silent is not None:
            self._silent = None
            self._changed(self.storage, None)

    def _fall_silent(self, since: float) -> None:
        self._silent = since
        self._changed(self.storage, time.monotonic() - since)
        for out in list(self._out):
            if out.most < math.inf:
                self._give_up(out)

    def _give_up(self, out: _Call) -> None:
        """Abandons a call. Whatever it opens is closed when it returns."""
        del self._out[out]
        out.given_up = True
        self._lost += 1
        self._threads.most += 1
        if not out.answer.done():
            out.answer.set_exception(StorageSilent(self.storage, time.monotonic() - out.begun))
            out.answer.exception()  # the caller may be gone


class Storages:
    """The blob store and the lanes of its storages. `changed` is called when one becomes silent or answers again."""

    def __init__(self, store: BlobStore, changed: Changed | None = None, patience: float = _PATIENCE_SECONDS) -> None:
        self.store = store
        self._changed = changed or unheard
        self._patience = patience
        self._lanes: dict[str, Lane] = {}

    def on(self, storage: str) -> Lane:
        """The lane of a storage."""
        lane = self._lanes.get(storage)
        if lane is None:
            lane = self.lane(storage, partial(self.store.probe, storage))
            self._lanes[storage] = lane
        return lane

    def lane(self, name: str, probe: Callable[[], object]) -> Lane:
        """Returns a lane for files that are not blobs, such as those of import roots."""
        return Lane(name, probe, self._changed, self._patience)

    @property
    def silent(self) -> list[str]:
        """The storages that do not answer."""
        return [storage for storage, lane in self._lanes.items() if lane.silent]

    async def check(self, storages: Collection[str], seconds: float) -> None:
        """Returns when all of some storages can be written; OSError, naming one, when it cannot or does not answer in time."""
        asked = {each: asyncio.ensure_future(self.on(each).run(self.store.ping, each)) for each in storages}
        for answer in asked.values():
            answer.add_done_callback(_seen)
        await asyncio.wait(asked.values(), timeout=seconds)
        for answer in asked.values():
            if answer.done() and (error := answer.exception()) is not None:
                raise error
        for storage, answer in asked.items():
            if not answer.done():
                raise OSError(f"storage {storage} does not answer")


def _seen(answer: asyncio.Future[None]) -> None:
    """Discards a result that arrives too late, or beside that of another storage."""
    if not answer.cancelled():
        answer.exception()


def _quietly(close: Callable[[], object]) -> None:
    with suppress(OSError, ValueError):  # the caller is gone; a generator may still be running
        close()
