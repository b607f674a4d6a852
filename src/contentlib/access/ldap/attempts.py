"""Limits how many wrong passwords of a user are passed on to a directory, so that strangers cannot lock the account there.

Callers from an address where the user has logged in before have their own number: strangers cannot use it up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from contentlib.access import messages
from contentlib.access.passwords import busy
from contentlib.access.recent import Digests, Recent

_REMEMBERED = 10_000


class Attempts:
    """Counts wrong passwords by user, in memory of a fixed size. Called by several threads."""

    def __init__(self, most: int, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._now = now
        self._digests = Digests()
        self._lock = Lock()
        self._times: Recent[tuple[float, ...]] = Recent(_REMEMBERED, seconds)

    def begin(self, name: str, *, stranger: bool) -> None:
        """Counts a password as wrong before it is tried. Raises ServiceUnavailable if there were too many of late."""
        key, now = self._key(name, stranger=stranger), self._now()
        with self._lock:
            times = self._recent(key, now)
            if len(times) >= self._most:
                raise busy(messages.WRONG_FOR_USER, times[-self._most] + self._seconds - now)
            self._times.note(key, (*times, now), now)

    def check(self, name: str, *, stranger: bool) -> None:
        """Raises ServiceUnavailable if `begin` would."""
        key, now = self._key(name, stranger=stranger), self._now()
        with self._lock:
            times = self._recent(key, now)
        if len(times) >= self._most:
            raise busy(messages.WRONG_FOR_USER, times[-self._most] + self._seconds - now)

    def forget(self, name: str, *, stranger: bool, all: bool) -> None:
        """Counts the last password no longer, because it was not tried or was right; `all` forgets the others before it too."""
        key, now = self._key(name, stranger=stranger), self._now()
        with self._lock:
            left = () if all else self._recent(key, now)[:-1]
            if left:
                self._times.replace(key, left)
            else:
                self._times.forget(key)

    def _recent(self, key: bytes, now: float) -> tuple[float, ...]:
        return tuple(each for each in self._times.get(key, now) or () if each + self._seconds > now)

    def _key(self, name: str, *, stranger: bool) -> bytes:
        return self._digests.of(name.casefold(), "stranger" if stranger else "")
