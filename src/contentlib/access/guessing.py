"""Limits password guessing: delays callers that were wrong, and rejects logins during an attack.

Three things are counted, each in memory of a fixed size. Processes tell each other of right and wrong passwords, so that the
counts are those of the whole server:

- the caller (a user name from an address): each wrong password increases the delay of the next one, and the passwords of one
  caller are checked one at a time;
- the user name, from any address: for callers that have not logged in before, one password is checked at a time, and callers
  that were wrong before are rejected while many wrong passwords arrive;
- the address, with any user name: it is rejected while many wrong passwords arrive from it.

A caller that has given the right password is not affected by other addresses or other user names. An IPv6 address counts as its
/64 network, because one machine can use all addresses in it.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from asyncio import sleep
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from contentlib.access import messages
from contentlib.access.pacing import TOO_MANY_REQUESTS
from contentlib.access.passwords import Argon2Passwords, busy
from contentlib.access.recent import Digests, Recent
from contentlib.http.message import Gone, never, unless_gone
from contentlib.library.signals import Signal
from contentlib.vapi.errors import VapiError

_SHORTEST_DELAY = 0.25
_LONGEST_DELAY = 4.0
_HASH_SECONDS = 0.1  # about what it takes to check one password
_PATIENCE = 10.0
_PENDING_OF_ADDRESS = 128
_PENDING = 1024
_REMEMBERED = 10_000
_FORGOTTEN_AFTER = 3600.0
_PROVEN_FOR = 30 * 86400.0
_BITS_OF_NETWORK = 64
_LONGEST_ADDRESS = 64
_RIGHT, _WRONG = "right", "wrong"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password attempt: user name and client address. `gone` returns when the client has disconnected."""

    name: str
    address: str
    gone: Gone = never


@dataclass(frozen=True, slots=True)
class Failures:
    """The number of failures of a caller, and the time before which the next password has to wait."""

    count: int
    until: float

    @property
    def delay(self) -> float:
        """Returns the delay after the last wrong password."""
        return float(min(_SHORTEST_DELAY * 2 ** min(self.count - 1, 10), _LONGEST_DELAY))


@dataclass(frozen=True, slots=True)
class Rate:
    """Allowed number of consecutive wrong passwords, and the seconds that each of them counts."""

    burst: int
    seconds: float


BY_NAME = Rate(burst=20, seconds=1.0)
BY_ADDRESS = Rate(burst=100, seconds=0.25)


class _Rates:
    """Wrong passwords by key. Kept is one number: the moment at which all of them will have been forgotten."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._ends: Recent[float] = Recent(_REMEMBERED, _FORGOTTEN_AFTER)

    def wait(self, key: bytes, now: float) -> float:
        """Returns the seconds until one more is within the rate."""
        return (self._ends.get(key, now) or now) - now - self._rate.seconds * (self._rate.burst - 1)

    def charge(self, key: bytes, now: float) -> None:
        """Counts a wrong password."""
        self._ends.note(key, max(self._ends.get(key, now) or now, now) + self._rate.seconds, now)

    def refund(self, key: bytes, now: float) -> None:
        """Counts one less."""
        end = (self._ends.get(key, now) or now) - self._rate.seconds
        if end <= now:
            self._ends.forget(key)
        else:
            self._ends.replace(key, end)


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class _Lines:
    """Serializes callers by key. A queue exists while it has callers."""

    def __init__(self) -> None:
        self._lines: dict[bytes, _Line] = {}

    def waiting(self, key: bytes) -> int:
        line = self._lines.get(key)
        return 0 if line is None else line.waiting

    @asynccontextmanager
    async def turn(self, key: bytes) -> AsyncIterator[None]:
        """The turn of a key; ServiceUnavailable when it does not come soon."""
        line = self._lines.setdefault(key, _Line())
        line.waiting += 1
        try:
            await _within_patience(line.lock)
            try:
                yield
            finally:
                line.lock.release()
        finally:
            line.waiting -= 1
            if not line.waiting:
                del self._lines[key]


async def _within_patience(lock: asyncio.Lock) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await lock.acquire()
    except TimeoutError as error:
        raise busy(messages.LOGINS_OF_USER_WAITING) from error


@contextmanager
def _counted(counter: Counter[bytes], key: bytes) -> Iterator[None]:
    counter[key] += 1
    try:
        yield
    finally:
        counter[key] -= 1
        if not counter[key]:
            del counter[key]


@dataclass(frozen=True, slots=True)
class _Caller:
    """The keys of one attempt."""

    pair: bytes
    name: bytes
    address: bytes


class Check(Protocol):
    """Checks one password."""

    async def __call__(self, *, stranger: bool, begun: Callable[[], None]) -> bool:
        """Whether the password is right. `begun` is called when its turn has come; it counts as wrong from then on.

        `stranger` tells that the caller has not logged in before. A VapiError means that it is neither right nor wrong.
        """


@dataclass(frozen=True, slots=True)
class _Guess:
    """A password, how it is checked, and the hash that it may be remembered by."""

    check: Check
    hashed: str = ""
    password: str = ""


class GuardedPasswords:
    """Verifies passwords that strangers give.

    With `remember`, so many right passwords are kept as digests and not hashed slowly again: for clients that send their
    password with every request. `secret` is common to the processes that tell each other what was `judged`.
    """

    def __init__(
        self,
        passwords: Argon2Passwords,
        now: Callable[[], float] = time.monotonic,
        remember: int = 0,
        secret: bytes | None = None,
    ) -> None:
        self._passwords = passwords
        self._now = now
        self._digests = Digests(secret)
        self.judged: Signal[[str, str, str, str]] = Signal()
        """A password was wrong, or right for the first time; receives which, and the keys of its caller."""
        self._lines = _Lines()
        # whose passwords are being checked, or wait for it
        self._callers: Counter[bytes] = Counter()
        self._clients: Counter[bytes] = Counter()
        self._failures: Recent[Failures] = Recent(_REMEMBERED, _FORGOTTEN_AFTER)
        self._names = _Rates(BY_NAME)
        self._addresses = _Rates(BY_ADDRESS)
        self._proven: Recent[bool] = Recent(_REMEMBERED, _PROVEN_FOR)
        self._right: Recent[bytes] | None = Recent(remember, _PROVEN_FOR) if remember else None

    async def verify(self, attempt: Attempt, hashed: str, password: str) -> bool:
        """Whether the password is the one that was hashed; a wrong one is answered after a delay that grows.

        ServiceUnavailable, before anything is hashed, where too much is tried. Disconnected when the client hangs up, which
        gives up its place; a password that was already being hashed counts as wrong.
        """
        return await self._guard(attempt, _Guess(partial(self._passwords.verify, hashed, password), hashed, password))

    async def guard(self, attempt: Attempt, check: Check) -> bool:
        """Whether a password is right that is checked elsewhere; the same delays and limits hold for it."""
        return await self._guard(attempt, _Guess(check))

    def hear(self, verdict: str, *keys: str) -> None:
        """Notes what another process has judged."""
        caller = _Caller(*map(bytes.fromhex, keys))
        if verdict == _RIGHT:
            self._failures.forget(caller.pair)
            self._proven.note(caller.pair, True, self._now())
        else:
            self._fail(caller)

    async def _guard(self, attempt: Attempt, guess: _Guess) -> bool:
        network = network_key(attempt.address)
        name = self._digests.of(attempt.name)
        caller = _Caller(self._digests.of(attempt.name, network), name, self._digests.of(network))
        proven = self._proven.get(caller.pair, self._now()) is not None
        if proven and self._is_idle(caller) and self._remembers(guess):
            return True
        self._refuse_crowd(caller, proven=proven)
        with _counted(self._callers, caller.pair), _counted(self._clients, caller.address):
            return await unless_gone(attempt.gone, self._verify_in_line(caller, guess))

    async def _verify_in_line(self, caller: _Caller, guess: _Guess) -> bool:
        async with self._lines.turn(caller.pair):
            return await self._verify_next(caller, guess)

    def _is_idle(self, caller: _Caller) -> bool:
        return not self._callers[caller.pair] and self._failures.get(caller.pair, self._now()) is None

    def _refuse_crowd(self, caller: _Caller, *, proven: bool) -> None:
        now = self._now()
        failures = self._failures.get(caller.pair, now)
        each = _HASH_SECONDS if failures is None else failures.delay
        wait = self._callers[caller.pair] * each + (0.0 if failures is None else max(failures.until - now, 0.0))
        if wait > _PATIENCE:
            raise busy(messages.LOGINS_OF_USER_WAITING, wait, TOO_MANY_REQUESTS)
        if proven:
            return
        if self._clients[caller.address] >= _PENDING_OF_ADDRESS or self._clients.total() >= _PENDING:
            raise busy(messages.LOGINS_WAITING)
        wait = self._addresses.wait(caller.address, now)
        if wait > 0:
            raise busy(messages.WRONG_FROM_ADDRESS, wait, TOO_MANY_REQUESTS)

    async def _verify_next(self, caller: _Caller, guess: _Guess) -> bool:
        """The answer to one password, when those before it from the same caller have been answered."""
        now = self._now()
        failures = self._failures.get(caller.pair, now)
        if failures is not None and failures.until > now:
            await sleep(failures.until - now)
        proven = True
        if self._remembers(guess):
            right = True
        elif proven := self._proven.get(caller.pair, self._now()) is not None:
            right = await self._check(caller, guess, stranger=False)
        else:
            right = await self._verify_unknown(caller, guess)
        if not right:
            self._tell(_WRONG, caller)
            await self._serve_delay(caller)
            return False
        if failures is not None or not proven:
            self._tell(_RIGHT, caller)
        self._note_right(caller, guess)
        return True

    def _tell(self, verdict: str, caller: _Caller) -> None:
        self.judged(verdict, caller.pair.hex(), caller.name.hex(), caller.address.hex())

    async def _verify_unknown(self, caller: _Caller, guess: _Guess) -> bool:
        wait = self._lines.waiting(caller.name) * _HASH_SECONDS
        if wait > _PATIENCE:
            raise busy(messages.LOGINS_OF_USER_WAITING, wait, TOO_MANY_REQUESTS)
        async with self._lines.turn(caller.name):
            now = self._now()
            wait = self._names.wait(caller.name, now)
            if wait > 0 and self._failures.get(caller.pair, now) is not None:
                raise busy(messages.WRONG_FOR_USER, wait, TOO_MANY_REQUESTS)
            return await self._check(caller, guess, stranger=True)

    async def _check(self, caller: _Caller, guess: _Guess, *, stranger: bool) -> bool:
        """Checks the password. It counts as wrong from the start of the check until it is known not to be."""
        before = self._failures.get(caller.pair, self._now())
        counted = False

        def begun() -> None:
            nonlocal counted
            counted = True
            self._fail(caller)

        try:
            right = await guess.check(stranger=stranger, begun=begun)
        except VapiError:
            if counted:
                self._forgive(caller)
                self._failures.forget(caller.pair)
                if before is not None:
                    self._failures.note(caller.pair, before, self._now())
            raise
        if right:
            self._forgive(caller)
        return right

    def _fail(self, caller: _Caller) -> None:
        """Counts one wrong password more."""
        now = self._now()
        before = self._failures.get(caller.pair, now)
        failures = Failures(1 if before is None else before.count + 1, now)
        self._failures.note(caller.pair, Failures(failures.count, now + failures.delay), now)
        self._names.charge(caller.name, now)
        self._addresses.charge(caller.address, now)

    def _forgive(self, caller: _Caller) -> None:
        """Counts one wrong password less."""
        self._names.refund(caller.name, self._now())
        self._addresses.refund(caller.address, self._now())

    def _note_right(self, caller: _Caller, guess: _Guess) -> None:
        now = self._now()
        self._failures.forget(caller.pair)
        self._proven.note(caller.pair, True, now)
        if self._right is not None and guess.hashed:
            self._right.note(self._digests.of(guess.hashed), self._digests.of(guess.password), now)

    async def _serve_delay(self, caller: _Caller) -> None:
        """Keeps the answer to a wrong password back; who hangs up meanwhile has the rest of the delay before the next one."""
        now = self._now()
        failures = self._failures.get(caller.pair, now)
        if failures is not None:
            await sleep(failures.delay)
            if self._failures.get(caller.pair, self._now()) is failures:  # else another process was told a wrong one meanwhile
                self._failures.replace(caller.pair, Failures(failures.count, 0.0))

    def _remembers(self, guess: _Guess) -> bool:
        if self._right is None or not guess.hashed:
            return False
        known = self._right.get(self._digests.of(guess.hashed), self._now())
        return known is not None and hmac.compare_digest(known, self._digests.of(guess.password))


def network_key(address: str) -> str:
    """Returns the key for counting an address: IPv4 as is, IPv6 by its /64 network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_LONGEST_ADDRESS]
    if found.version == 4 or found.ipv4_mapped is not None:
        return str(found if found.version == 4 else found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _BITS_OF_NETWORK), strict=False).network_address)
