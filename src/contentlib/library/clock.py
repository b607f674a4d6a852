"""Provides the server's own clock, which runs evenly even if the system clock is set.

While the server runs, its time advances with the machine's uptime and approaches the system clock slowly enough not to affect
deadlines. A start adopts the system clock and determines how far it has jumped, so that all stored deadlines can be moved by
that amount: no clock change expires or blocks anything.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_UPTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the first counts while the machine sleeps
_DRIFT = 16  # at most one part in so many is added or taken away to follow the clock of the machine
_LOOK_NS = 100_000_000  # the uptime is slow to ask for
_JUMP_NS = 10_000_000_000
_JUMP = _JUMP_NS // 1_000_000
_LONGEST_BREAK = 7 * 86_400_000
"""A machine that was down for longer may as well have a wrong clock: the time in between does not count."""


class Clock(Protocol):
    """Returns the time in milliseconds since 1970 UTC."""

    def now(self) -> int:
        """The time now."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> int:
        """The time now."""
        return time.time_ns() // 1_000_000


class Machine:
    """The machine's clock and uptime in nanoseconds. `boot` differs after each boot.

    The clock is `ahead` of what it shows, where several machines have the time of another one.
    """

    def __init__(self) -> None:
        self.ahead = 0
        try:
            self.boot = _BOOT.read_text().strip()
        except OSError:
            self.boot = secrets.token_hex(8)

    def clock(self) -> int:
        """Nanoseconds since 1970 UTC."""
        return time.time_ns() + self.ahead

    def uptime(self) -> int:
        """Nanoseconds that never jump."""
        return time.clock_gettime_ns(_UPTIME)

    ticks: Callable[[], int] = staticmethod(time.monotonic_ns)
    """Nanoseconds that never jump and may stand still while the machine sleeps; quick to ask for."""


class Moment(msgspec.Struct, frozen=True):
    """A time of the server, and the boot and uptime of the machine at it; the times in milliseconds."""

    time: int
    boot: str
    uptime: int


class Since(msgspec.Struct, frozen=True):
    """Changes since a moment, in milliseconds: by how much the clock was set, and how long the server was down."""

    jumped: int = 0
    passed: int = 0


class EvenClock:
    """The server's clock. `jumped` receives the milliseconds by which the system clock was set."""

    def __init__(self, machine: Machine | None = None, jumped: Callable[[int], None] | None = None) -> None:
        self._machine = machine or Machine()
        self._jumped = jumped
        self._time = self._machine.clock()
        self._uptime = self._machine.uptime()
        self._looked = self._machine.ticks()
        self._off = 0
        self._follows = self._steered = False

    def now(self) -> int:
        """The time now; it goes back by no more than a few milliseconds."""
        since = self._machine.ticks() - self._looked
        if since >= _LOOK_NS:
            self._look()
            since = 0
        return (self._time + since) // 1_000_000

    def _look(self) -> None:
        """Advances by the elapsed time, and slightly towards the system clock."""
        uptime, self._looked = self._machine.uptime(), self._machine.ticks()
        passed, self._uptime = uptime - self._uptime, uptime
        off = self._machine.clock() - self._time - passed
        if abs(off - self._off) > _JUMP_NS and self._jumped is not None:
            self._jumped((off - self._off) // 1_000_000)
        drift = max(-passed // _DRIFT, min(off, passed // _DRIFT))
        self._off = off - drift
        self._time += passed + drift

    def moment(self) -> Moment:
        """The moment now, to be kept."""
        self._look()
        return Moment(self._time // 1_000_000, self._machine.boot, self._uptime // 1_000_000)

    def follow(self, moment: Moment) -> None:
        """Adopts the time of another process of the server, recorded at a moment of the same boot."""
        if moment.boot == self._machine.boot:
            uptime = self._machine.uptime()
            self._begin(moment.time * 1_000_000 + uptime - moment.uptime * 1_000_000, uptime)
            self._follows = True

    def steer(self, ahead: int) -> None:
        """The clock to approach is so many nanoseconds ahead of the machine's. Adopts it if no time was adopted before."""
        self._machine.ahead = ahead
        if not self._steered:
            self._steered = True
            self._begin(self._time if self._follows else self._machine.clock(), self._machine.uptime())

    def _begin(self, time: int, uptime: int) -> None:
        self._time, self._uptime, self._looked = time, uptime, self._machine.ticks()
        self._off = self._machine.clock() - time

    def since(self, moment: Moment) -> Since:
        """Returns the changes since a moment, possibly of another boot."""
        now = self.moment()
        if now.boot == moment.boot:
            passed = max(now.uptime - moment.uptime, 0)
            jumped = now.time - moment.time - passed
            return Since(jumped if abs(jumped) > _JUMP else 0, passed)
        passed = now.time - moment.time
        return Since(0, passed) if 0 <= passed <= _LONGEST_BREAK else Since(passed, 0)
