"""Limits the transfers that one user runs at the same time, in all processes that share places.

An upload ends with its request. The server interface does not report the end of a download, so a user who seems to have too
many is only refused after a look at the files that are still open.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from contentlib.access.pacing import TOO_MANY_REQUESTS
from contentlib.library.ports import Places
from contentlib.transfer import messages
from contentlib.transfer.answers import RequestRefused
from contentlib.transfer.running import count_open_files

_YOUNG_SECONDS = 2.0  # a file may not be open yet
_RETRY: list[tuple[str, str]] = [("retry-after", "5")]


@dataclass(slots=True)
class _Running:
    """The transfers of a user here: the number of uploads, and the start, file and place of each download."""

    uploads: int = 0
    downloads: deque[tuple[float, str, int | None]] = field(default_factory=deque)

    @property
    def count(self) -> int:
        return self.uploads + len(self.downloads)


def no_limit() -> int:
    """Returns 0."""
    return 0


class TransfersOfUsers:
    """Counts transfers by user; `most` is the limit, 0 for none. With `places`, those of all processes count together."""

    def __init__(self, most: Callable[[], int] = no_limit, places: Places | None = None) -> None:
        self._most = most
        self._places = places
        self._users: dict[str, _Running] = {}

    @contextmanager
    def upload(self, user: str) -> Iterator[None]:
        """Counts an upload while the block runs. `make_room` comes before."""
        if not self._most():
            yield
            return
        place = self._take(user)
        running = self._users.setdefault(user, _Running())
        running.uploads += 1
        try:
            yield
        finally:
            running.uploads -= 1
            self._release(place)
            self._forget(user)

    def download(self, user: str, path: Path) -> None:
        """Counts a download that begins. `make_room` comes before."""
        if self._most():
            self._users.setdefault(user, _Running()).downloads.append((time.monotonic(), path.name, self._take(user)))

    async def make_room(self, user: str) -> None:
        """Raises RequestRefused with status 429 if a user runs as many transfers as allowed."""
        if self._is_full(user):
            await self.look()
            if self._is_full(user):
                raise RequestRefused(TOO_MANY_REQUESTS, messages.TOO_MANY_TRANSFERS(user=user, most=self._most()), _RETRY)

    async def look(self) -> None:
        """Forgets downloads that have ended. Must be called every few seconds."""
        if not any(each.downloads for each in self._users.values()):
            return
        still_open = await asyncio.to_thread(count_open_files)
        youngest = time.monotonic() - _YOUNG_SECONDS
        started = sorted(
            ((began, name, user, place) for user, running in self._users.items() for began, name, place in running.downloads),
            key=itemgetter(0),
            reverse=True,
        )
        for running in self._users.values():
            running.downloads.clear()
        for began, name, user, place in started:  # of a file that several download, those that began last are still running
            if began > youngest or still_open[name] > 0:
                still_open[name] -= 1
                self._users[user].downloads.appendleft((began, name, place))
            else:
                self._release(place)
        for user in list(self._users):
            self._forget(user)

    def _is_full(self, user: str) -> bool:
        if not (most := self._most()):
            return False
        running = self._users.get(user)
        if running is not None and running.count >= most:
            return True
        if self._places is None:
            return False
        place = self._take(user)
        self._release(place)
        return place is None

    def _take(self, user: str) -> int | None:
        """A place among those of all processes; None if another process has just taken the last one, or there are none."""
        return None if self._places is None else self._places.take(f"transfers of {user}", self._most())

    def _release(self, place: int | None) -> None:
        if self._places is not None and place is not None:
            self._places.release(place)

    def _forget(self, user: str) -> None:
        running = self._users.get(user)
        if running is not None and not running.count:
            del self._users[user]


UNLIMITED = TransfersOfUsers()
"""Counts nothing."""
