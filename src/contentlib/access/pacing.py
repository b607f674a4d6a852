"""Limits how often a user may call expensive operations.

Each user has a bucket of calls that refills evenly; all expensive operations share it. The buckets take memory of fixed size,
which the processes of a machine share.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from contentlib.access import messages
from contentlib.access.recent import Digests, Recent
from contentlib.vapi.errors import ServiceUnavailable

TOO_MANY_REQUESTS = 429
_MINUTE = 60.0
_REMEMBERED = 10_000
_ROUNDING = 1e-6
_CONTENT = "com.vmware.content"
EXPENSIVE = frozenset(
    {
        f"{_CONTENT}.library.convert",
        f"{_CONTENT}.library.item.copy",
        f"{_CONTENT}.library.item.publish",
        f"{_CONTENT}.library.item.updatesession.file.probe",
        f"{_CONTENT}.library.migrate",
        f"{_CONTENT}.library.subscriptions.create",
        f"{_CONTENT}.local_library.publish",
        f"{_CONTENT}.library.subscribed_item.sync",
        f"{_CONTENT}.subscribed_library.create",
        f"{_CONTENT}.subscribed_library.probe",
        f"{_CONTENT}.subscribed_library.sync",
        "contentlib.access.self.change_password",
        "contentlib.access.users.create",
        "contentlib.access.users.set_password",
    }
)
"""Operations that fetch from elsewhere, copy content, hash passwords or start tasks."""

_PACED = EXPENSIVE | {f"{each}$task" for each in EXPENSIVE}


class Numbers(Protocol):
    """Numbers by keys of 16 bytes, also for other processes."""

    def change(self, key: bytes, changed: Callable[[float], float]) -> None:
        """Replaces the number of a key, 0 if there is none. Keeps it if the function raises an error."""


class OwnNumbers:
    """The numbers of one process."""

    def __init__(self) -> None:
        self._numbers: Recent[float] = Recent(_REMEMBERED, _MINUTE)

    def __len__(self) -> int:
        return len(self._numbers)

    def change(self, key: bytes, changed: Callable[[float], float]) -> None:
        """Replaces the number of a key."""
        number = changed(self._numbers.get(key, 0.0) or 0.0)
        self._numbers.note(key, number, 0.0)


class CallPace:
    """Counts expensive calls; `per_minute` is how many a user may make in a minute, all at once too. 0 is unlimited.

    Kept for each user is the time at which the bucket will be full again. Processes that share the `numbers` have the same
    `secret` and the same clock.
    """

    def __init__(
        self,
        per_minute: Callable[[], int],
        now: Callable[[], float] = time.monotonic,
        numbers: Numbers | None = None,
        secret: bytes | None = None,
    ) -> None:
        self._per_minute = per_minute
        self._now = now
        self._digests = Digests(secret)
        self._full_again = numbers or OwnNumbers()

    def check(self, user: str, operation: str) -> None:
        """Counts a call. Raises ServiceUnavailable with status 429 if the bucket of the user is empty."""
        if operation not in _PACED or not (per_minute := self._per_minute()):
            return
        now = self._now()

        def with_one_more(full_again: float) -> float:
            if not now <= full_again <= now + _MINUTE:  # it is full, or the number is from before a restart of the machine
                full_again = now
            full_again += _MINUTE / per_minute
            if full_again > now + _MINUTE + _ROUNDING:
                raise slow_down(full_again - now - _MINUTE)
            return min(full_again, now + _MINUTE)

        self._full_again.change(self._digests.of(user), with_one_more)


def slow_down(seconds: float) -> ServiceUnavailable:
    """The error of a caller who calls too often."""
    wait = max(1, -int(-seconds // 1))
    error = ServiceUnavailable(messages.TOO_MANY_CALLS(seconds=wait), status=TOO_MANY_REQUESTS)
    error.retry_after = wait
    return error
