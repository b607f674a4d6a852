"""Limits the transfers that one user runs at the same time, in all processes that share places.

An upload ends with its request. The server interface does not report the end of a download, so a user who seems to have too
many is only refused after a look at the files that are still open.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from operator import attrgetter

from contentlib.access.pacing import TOO_MANY_REQUESTS
from contentlib.library.ports import Places
from contentlib.transfer import messages
from contentlib.transfer.answers import RequestRefused
from contentlib.transfer.running import count_open_files

_YOUNG_SECONDS = 2.0  # a file may not be open yet
_STREAM = "/"  # of no file
_RETRY: list[tuple[str, str]] = [("retry-after", "5")]


@dataclass(slots=True, eq=False)
class BegunDownload:
    """A download: its start, its place among those of all processes, and the name of its file, once it is being sent."""

    user: str
    began: float
    place: int | None = None
    name: str = ""

    def sends(self, name: str = _STREAM) -> None:
        """The answer is being sent, from a file of this name; or from a stream, which calls `end` when it starts."""
        self.began, self.name = time.monotonic(), name


@dataclass(slots=True)
class _Running:
    """The transfers of a user here: the number of uploads, and the downloads."""

    uploads: int = 0
    downloads: deque[BegunDownload] = field(default_factory=deque)

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

    @asynccontextmanager
    async def download(self, user: str) -> AsyncIterator[BegunDownload]:
        """Counts a download that begins in the block; it ends with the block unless it `sends`. Raises as `make_room`."""
        await self.make_room(user)
        begun = BegunDownload(user, time.monotonic())
        if self._most():
            begun.place = self._take(user)
            self._users.setdefault(user, _Running()).downloads.append(begun)
        try:
            yield begun
        finally:
            if not begun.name:
                self.end(begun)

    def end(self, download: BegunDownload) -> None:
        """Counts a download no longer."""
        running = self._users.get(download.user)
        if running is not None and download in running.downloads:
            running.downloads.remove(download)
            self._release(download.place)
            self._forget(download.user)

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
        begun = (each for running in self._users.values() for each in running.downloads)
        started = sorted(begun, key=attrgetter("began"), reverse=True)
        for running in self._users.values():
            running.downloads.clear()
        for each in started:  # of a file that several download, those that began last are still running
            if not each.name or each.began > youngest or still_open[each.name] > 0:
                still_open[each.name] -= 1
                self._users[each.user].downloads.appendleft(each)
            else:
                self._release(each.place)
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
