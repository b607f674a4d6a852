"""Reads the bodies of calls within limits of size, time and memory.

Callers without a login have a smaller limit and a separate memory budget, so that they cannot use up the memory for users.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from contentlib.http import messages
from contentlib.http.message import BodyRefused, BodyTooLarge, Request

STRANGER_BYTES = 64 * 1024  # a body without a login
_FREE_BYTES = 8 * 1024  # of each body, outside the budgets: small calls are never refused because others send large ones
_USERS_BUDGET = 64 << 20
_STRANGERS_BUDGET = 8 << 20
_SHARE = 4  # of the strangers' budget, one address may hold this fraction
_SECONDS = 20.0  # for a body of _FREE_BYTES, and one more for each _RATE bytes beyond them
_LOOK_SECONDS = 1.0  # by so much a body may be late before anybody looks
_RATE = 1024

Vouch = Callable[[bytes], Awaitable[bool]]
"""Whether the beginning of a body, or the head before it, holds a valid login."""


class BodyTooSlow(BodyRefused):
    """A body does not arrive in time."""

    status = 408

    def __init__(self) -> None:
        super().__init__(messages.BODY_TOO_SLOW(rate=_RATE))


class TooManyBodies(BodyRefused):
    """The budget for bodies that are being received is used up."""

    status = 503
    retry_after = 1

    def __init__(self) -> None:
        super().__init__(messages.TOO_MANY_BODIES())


class _Budget:
    """Bytes of bodies that are held at once, by all clients and by each."""

    def __init__(self, limit: int, by_client: int) -> None:
        self._limit = limit
        self._by_client = by_client
        self._held = 0
        self._clients: Counter[str] = Counter()

    def take(self, client: str, size: int) -> None:
        if self._held + size > self._limit or self._clients[client] + size > self._by_client:
            raise TooManyBodies
        self._held += size
        self._clients[client] += size

    def give_back(self, client: str, size: int) -> None:
        self._held -= size
        self._clients[client] -= size
        if not self._clients[client]:
            del self._clients[client]


class _Reading:
    """One body: its pieces so far, their share of a budget, and when the next ones are due."""

    def __init__(self, client: str, budget: _Budget) -> None:
        self._client = client
        self._budget = budget
        self._task = asyncio.current_task()
        self._began = asyncio.get_running_loop().time()
        self._charged = 0
        self.due = self._began + _SECONDS
        self.is_late = False
        self.pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        self.pieces.append(piece)
        if self.size > _FREE_BYTES:
            self._charge(self.size - _FREE_BYTES)
            self.due = self._began + _SECONDS + (self.size - _FREE_BYTES) / _RATE

    def move(self, budget: _Budget) -> None:
        """Counts the body against another budget."""
        charged = self._charged
        self.end()
        self._budget = budget
        self._charge(charged)

    def end(self) -> None:
        if self._charged:
            self._budget.give_back(self._client, self._charged)
            self._charged = 0

    def give_up(self) -> None:
        """Cancels the task that waits for the next piece."""
        if self._task is not None:
            self.is_late = True
            self._task.cancel()

    def was_given_up(self) -> bool:
        """Whether a cancellation is the one of `give_up` alone, which it takes back; the task may be cancelled as well."""
        return self.is_late and self._task is not None and self._task.uncancel() == 0

    def _charge(self, size: int) -> None:
        if size > self._charged:
            self._budget.take(self._client, size - self._charged)
            self._charged = size


class _Overseer:
    """Gives up bodies that do not arrive in time.

    One timer looks at all bodies that are being received, once a second. A timer for each body, as of `asyncio.timeout`, costs
    more than all else that is done to read a small one.
    """

    def __init__(self) -> None:
        self._watched: set[_Reading] = set()
        self._looks = False

    def watch(self, reading: _Reading) -> None:
        self._watched.add(reading)
        if not self._looks:
            self._look_later()

    def leave(self, reading: _Reading) -> None:
        self._watched.discard(reading)

    def _look_later(self) -> None:
        self._looks = True
        loop = asyncio.get_running_loop()
        loop.call_later(_LOOK_SECONDS, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now, self._looks = loop.time(), False
        for each in self._watched:
            if each.due <= now and not each.is_late:
                each.give_up()
        if self._watched:
            self._look_later()


class Bodies:
    """Reads bodies up to `limit` bytes, of strangers up to less."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        total = max(_USERS_BUDGET, limit)
        self._users = _Budget(total, total)
        self._strangers = _Budget(_STRANGERS_BUDGET, _STRANGERS_BUDGET // _SHARE)
        self._overseer = _Overseer()

    async def read(self, request: Request, *, known: bool, vouch: Vouch | None = None, limit: int | None = None) -> bytes:
        """Reads the whole body. Raises BodyRefused if it is too long, too slow or exceeds the memory budget.

        `known` means that the caller has a login. If only the body can prove this, `vouch` is called once, and only for a body
        longer than the limit for callers without a login. `limit` is a lower limit than the common one.
        """
        most = self._limit if limit is None else min(limit, self._limit)
        first = most if known else min(most, STRANGER_BYTES)
        request.check_length(most if vouch else first)
        reading = _Reading(request.client, self._users if known else self._strangers)
        self._overseer.watch(reading)
        try:
            whole = await self._whole(request, reading, first, most, vouch)
        except asyncio.CancelledError as error:
            if reading.was_given_up():
                raise BodyTooSlow from error
            raise
        finally:
            self._overseer.leave(reading)
            reading.end()
        request.keep(whole)
        return whole

    async def _whole(self, request: Request, reading: _Reading, limit: int, most: int, vouch: Vouch | None) -> bytes:
        async for piece in request.chunks():
            size = reading.size + len(piece)
            if limit < size <= most and vouch and await vouch(b"".join([*reading.pieces, piece])):
                limit = most
                reading.move(self._users)
            if size > limit:
                raise BodyTooLarge(limit)
            reading.add(piece)
        return reading.pieces[0] if len(reading.pieces) == 1 else b"".join(reading.pieces)
