"""Opens sources of files: http, https, and files of this machine below the configured import roots.

`file:///PATH` is a file by its path. `ds:///vmfs/volumes/NAME/PATH` is a file below the root whose directory is named NAME,
like a datastore in vSphere.
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
    """Decides what may be fetched. `roots` are the directories below which local files can be imported.

    Access to these directories runs in separate threads with a timeout of `seconds`: a directory on a hanging disk only blocks
    imports.
    """

    def __init__(self, roots: Sequence[Path] = (), *, seconds: float = _SECONDS) -> None:
        self._roots = [root.resolve() for root in roots]
        self._pool = ThreadPoolExecutor(_THREADS, "import")
        self._seconds = seconds

    async def check(self, uri: str) -> str | None:
        """Returns why a URL cannot be fetched, or None if it can."""
        if scheme_of(uri) not in LOCAL_SCHEMES:
            return only_http(uri)
        if not self._roots:
            return f"has the scheme {scheme_of(uri)!r}, but import_roots is not set"
        try:
            return None if await self.run(lambda: self._path(uri)) is not None else _NOT_BELOW
        except OSError as error:
            return f"cannot be accessed: {error.strerror or error}"

    async def run(self, call: Callable[[], Value]) -> Value:
        """Runs a call that accesses the directories. Raises TimeoutError if it takes too long."""
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
        """Opens the local file of a URL. Raises NotBelow if it is not below a root, OSError if it cannot be opened."""
        path = self._path(uri)
        if path is None:
            raise NotBelow
        root = next(root for root in self._roots if path.is_relative_to(root))
        return open_beneath(root, path)

    async def reading(self, uri: str, check: Callable[[int], None]) -> OpenedFile:
        """Opens the file that an address names, as `open` does, when the check takes its size."""

        def opened() -> FileIO:
            file = self.open(uri)
            try:
                check(os.fstat(file.fileno()).st_size)
            except BaseException:
                file.close()
                raise
            return file

        return OpenedFile(self, await self.run(opened))

    def later(self, call: Callable[[], None]) -> None:
        """Runs a call in one of the threads without waiting for it."""
        self._pool.submit(call)

    def has(self, uri: str) -> bool:
        """Whether an address names a file that can be fetched."""
        with suppress(OSError, NotBelow), self.open(uri):  # a name that is too long, or a directory that may not be looked into
            return True
        return False

    def _path(self, uri: str) -> Path | None:
        """Returns the path of a URL, or None if it is not below a root after following links."""
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


class OpenedFile:
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
    """Returns the host of a URL, or None for a local file or an invalid URL."""
    try:
        return None if is_local(uri) else urlsplit(check_host(uri)).hostname
    except ValueError:  # the request will report it
        return None


def _let_go(work: asyncio.Future[Any]) -> None:
    """Closes a file whose requester no longer waits."""
    if not work.cancelled() and work.exception() is None and isinstance(found := work.result(), FileIO):
        found.close()


def _path_of(uri: str) -> Path:
    parts = urlsplit(check_host(uri))
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ValueError("no path")
    return Path(unquote(parts.path, errors="strict"))
