"""Hashes passwords with Argon2id in a few threads, and rejects requests that would wait too long."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from contentlib.access import messages
from contentlib.messages import Message
from contentlib.vapi.errors import ServiceUnavailable

_T = TypeVar("_T")
AT_ONCE = 2
_MOST_WAITING = 64
_RETRY_SECONDS = 2


def busy(said: Message, seconds: float = _RETRY_SECONDS, status: int | None = None) -> ServiceUnavailable:
    """The error of a caller who is to come back later; nothing was hashed. The status is 503 unless another one is given."""
    wait = max(1, -int(-seconds // 1))
    error = ServiceUnavailable(said(seconds=wait), status=status)
    error.retry_after = wait
    return error


class Argon2Passwords:
    """Hashes and verifies passwords.

    Strangers wait behind everybody else, the newest of them first: in a flood the next one is served at once, and the oldest
    one, who may long be gone, is refused.
    """

    def __init__(self, at_once: int = AT_ONCE, most: int = _MOST_WAITING) -> None:
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(at_once, "passwords")
        self._free = at_once
        self._most = most
        self._known: deque[asyncio.Future[None]] = deque()
        self._strangers: deque[asyncio.Future[None]] = deque()

    def decoy(self) -> str:
        """A hash that no password has, as slow to check as any; made without hashing."""
        hasher = self._hasher
        cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
        return f"$argon2id$v=19${cost}${_random(hasher.salt_len)}${_random(hasher.hash_len)}"

    def hash_now(self, password: str) -> str:
        """The hash of a password, for callers without a loop to block."""
        return self._hasher.hash(password)

    async def hash(self, password: str) -> str:
        """The hash of a password, with salt and parameters; ServiceUnavailable when too many wait."""
        await self._turn(self._known)
        return await self._hashed(lambda: self._hasher.hash(password))

    async def verify(
        self, hashed: str, password: str, *, stranger: bool = False, begun: Callable[[], None] | None = None
    ) -> bool:
        """Whether the password is the one that was hashed; `begun` is called when its turn has come.

        ServiceUnavailable when too many wait. A caller that is cancelled leaves the queue.
        """
        await self._turn(self._strangers if stranger else self._known)
        if begun is not None:
            begun()
        return await self._hashed(lambda: self._verify(hashed, password))

    async def _turn(self, queue: deque[asyncio.Future[None]]) -> None:
        if self._free:
            self._free -= 1
            return
        self._make_room(queue)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except BaseException:
            if turn in queue:
                queue.remove(turn)
            elif not turn.cancelled() and turn.exception() is None:
                self._next()  # the turn came together with the cancellation
            raise

    def _make_room(self, queue: deque[asyncio.Future[None]]) -> None:
        if len(queue) < self._most:
            return
        refused = busy(messages.PASSWORDS_WAITING)
        if queue is self._known:
            raise refused
        oldest = queue.popleft()
        if not oldest.done():
            oldest.set_exception(refused)

    def _next(self) -> None:
        while self._known or self._strangers:
            turn = self._known.popleft() if self._known else self._strangers.pop()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    async def _hashed(self, work: Callable[[], _T]) -> _T:
        """Returns the result of hashing. The slot is released when the thread ends, even if the caller has gone."""
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        running.add_done_callback(lambda _: self._next())
        return await asyncio.shield(running)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password.encode("utf-8", "surrogatepass"))  # JSON can hold half a character
        except (VerificationError, InvalidHashError):
            return False


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
