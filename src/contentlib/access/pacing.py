"""Limits how often a user may call expensive operations.

Each user has a bucket of calls that refills evenly; all expensive operations share it. Counted per process, in memory of fixed
size.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from contentlib.access import messages
from contentlib.access.recent import Digests, Recent
from contentlib.vapi.errors import ServiceUnavailable

TOO_MANY_REQUESTS = 429
_MINUTE = 60.0
_REMEMBERED = 10_000
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


class CallPace:
    """Counts expensive calls; `per_minute` is how many a user may make in a minute, all at once too. 0 is unlimited."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._digests = Digests()
        self._full_again: Recent[float] = Recent(_REMEMBERED, _MINUTE)

    def check(self, user: str, operation: str) -> None:
        """Counts a call. Raises ServiceUnavailable with status 429 if the bucket of the user is empty."""
        if not self._per_minute or operation not in _PACED:
            return
        now, key = self._now(), self._digests.of(user)
        full_again = max(self._full_again.get(key, now) or now, now) + _MINUTE / self._per_minute
        if full_again > now + _MINUTE:
            raise slow_down(full_again - now - _MINUTE)
        self._full_again.note(key, full_again, now)


def slow_down(seconds: float) -> ServiceUnavailable:
    """The error of a caller who calls too often."""
    wait = max(1, -int(-seconds // 1))
    error = ServiceUnavailable(messages.TOO_MANY_CALLS(seconds=wait), status=TOO_MANY_REQUESTS)
    error.retry_after = wait
    return error
