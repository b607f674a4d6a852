"""Where files may be fetched from: http and https and, below the roots that the operator names, files of this machine.

`file:///PATH` names a file by its path. `ds:///vmfs/volumes/NAME/PATH` names one below the root whose directory is called
NAME, as datastores are called in vSphere.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from contentlib.library.regular import open_beneath
from contentlib.library.sessions.pulls import LOCAL_SCHEMES, only_http, scheme_of
from contentlib.library.uris import check_host

_VOLUMES = "/vmfs/volumes/"
_THREADS = 8
_SECONDS = 30.0
_NOT_BELOW = "is not a file below a directory of import_roots"
Value = TypeVar("Value")


class NotBelow(Exception):
    """The address does not name anything below a directory that may be imported from."""

    def __init__(self) -> None:
        super().__init__(_NOT_BELOW)


class Sources:
    """Knows what may be fetched; `roots` are the directories below which files of this machine may be.

    What looks into these directories runs in threads of its own, and is given up after some `seconds`: a directory on a disk
    that does not answer holds up nothing but imports.
    """

    def __init__(self, roots: Sequence[Path] = (), *, seconds: float = _SECONDS) -> None:
        self._roots = [root.resolve() for root in roots]
        self._pool = ThreadPoolExecutor(_THREADS, "import")
        self._seconds = seconds

    async def check(self, uri: str) -> str | None:
        """Why an address is none to fetch from; None where it is one."""
        if scheme_of(uri) not in LOCAL_SCHEMES:
            return only_http(uri)
        if not self._roots:
            return f"has the scheme {scheme_of(uri)!r}, but import_roots is not set"
        try:
            return None if await self.run(lambda: self._path(uri)) is not None else _NOT_BELOW
        except OSError as error:
            return f"cannot be accessed: {error.strerror or error}"

    async def run(self, call: Callable[[], Value]) -> Value:
        """What a call answers that looks into the directories; TimeoutError where it does not in time."""
        work = asyncio.get_running_loop().run_in_executor(self._pool, call)
        try:
            return await asyncio.wait_for(asyncio.shield(work), self._seconds)
        except TimeoutError as error:
            if work.done():
                raise
            work.add_done_callback(_let_go)
            raise TimeoutError(f"the directory did not respond within {self._seconds:g} seconds") from error
        except asyncio.CancelledError:
            work.add_done_callback(_let_go)
            raise

    def open(self, uri: str) -> FileIO:
        """The file of this machine that an address names; NotBelow where it names none, OSError where it cannot be opened."""
        path = self._path(uri)
        if path is None:
            raise NotBelow
        root = next(root for root in self._roots if path.is_relative_to(root))
        return open_beneath(root, path)

    async def reading(self, uri: str, check: Callable[[int], None]) -> Reading:
        """Opens the file that an address names, as `open` does, when the check takes its size."""

        def opened() -> FileIO:
            file = self.open(uri)
            try:
                check(os.fstat(file.fileno()).st_size)
            except BaseException:
                file.close()
                raise
            return file

        return Reading(self, await self.run(opened))

    def later(self, call: Callable[[], None]) -> None:
        """Does something in one of the threads; nobody waits for it."""
        self._pool.submit(call)

    def has(self, uri: str) -> bool:
        """Whether an address names a file that can be fetched."""
        with suppress(OSError, NotBelow), self.open(uri):  # a name that is too long, or a directory that may not be looked into
            return True
        return False

    def _path(self, uri: str) -> Path | None:
        """The path that an address names; None where it names none below a root, links followed."""
        try:
            named = _path_of(uri) if scheme_of(uri) == "file" else self._of_datastore(_path_of(uri))
            found = None if named is None else named.resolve()
        except (ValueError, OSError, RuntimeError):  # no address, no path, or links that lead in a circle
            return None
        if found is None or not any(found.is_relative_to(root) for root in self._roots):
            return None
        return found

    def _of_datastore(self, path: Path) -> Path | None:
        text = path.as_posix()
        if not text.startswith(_VOLUMES):
            return None
        name, _, rest = text.removeprefix(_VOLUMES).partition("/")
        return next((root / rest for root in self._roots if root.name == name), None)


class Reading:
    """An open file of this machine, whose bytes are read in the threads of the sources."""

    def __init__(self, sources: Sources, file: FileIO) -> None:
        self._sources = sources
        self._file = file
        self._lock = threading.Lock()

    async def read(self, size: int) -> bytes:
        """The next bytes; empty at the end."""
        return await self._sources.run(lambda: self._read(size))

    def close(self) -> None:
        """Closes the file, after a read that has not come back."""
        self._sources.later(self._close)

    def _read(self, size: int) -> bytes:
        with self._lock:
            return self._file.read(size)

    def _close(self) -> None:
        with self._lock:
            self._file.close()


def is_local(uri: str) -> bool:
    """Whether an address names a file of this machine."""
    return scheme_of(uri) in LOCAL_SCHEMES


def host_of(uri: str) -> str | None:
    """The host that an address names; None where it names a file of this machine, or is no address."""
    try:
        return None if is_local(uri) else urlsplit(check_host(uri)).hostname
    except ValueError:  # whoever asks it says so
        return None


def _let_go(work: asyncio.Future[Any]) -> None:
    """Closes what was opened for somebody who does not wait any more."""
    if not work.cancelled() and work.exception() is None and isinstance(found := work.result(), FileIO):
        found.close()


def _path_of(uri: str) -> Path:
    parts = urlsplit(check_host(uri))
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ValueError("no path")
    return Path(unquote(parts.path, errors="strict"))
