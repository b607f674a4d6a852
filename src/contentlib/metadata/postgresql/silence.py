"""Finds processes that have ended by their silence: each increases a counter, and others watch whether it stands still.

Only the watcher's own time counts, and only while it looks. So it does not matter what clocks show, or that the database was
away for a while: no process could increase its counter then, and none has looked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple


class _Seen(NamedTuple):
    """A counter, and since when it has had this value."""

    value: int
    since: float


class Silence:
    """The processes whose counters stand still; one is silent after `lease` seconds."""

    def __init__(self, lease: float, now: Callable[[], float] = time.monotonic) -> None:
        self._lease = lease
        self._now = now
        self._looked = now()
        self._seen: dict[str, _Seen] = {}

    def look(self, counters: Mapping[str, int]) -> None:
        """Notes the counters of all processes as they are now. After a pause in which nobody looked, all count as new."""
        now = self._now()
        before = {} if now - self._looked > self._lease / 2 else self._seen
        self._looked = now
        self._seen = {name: _seen(before.get(name), value, now) for name, value in counters.items()}

    def silent(self) -> set[str]:
        """The processes that were silent for too long when the counters were looked at last."""
        return {name for name, seen in self._seen.items() if self._looked - seen.since > self._lease}


def _seen(before: _Seen | None, value: int, now: float) -> _Seen:
    return before if before is not None and before.value == value else _Seen(value, now)
