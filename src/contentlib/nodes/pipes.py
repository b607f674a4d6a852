"""Tells worker processes of one machine apart by named pipes: one for each, which only that process reads.

A process runs as long as its pipe has a reader. The kernel closes the pipe of a process that is killed, so others find out at
once and need no clock. What is written to the pipe are events, each a JSON array on a line.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from contentlib.library.identifiers import new_identifier
from contentlib.library.ports.nodes import Hear

_MOST = 4096  # bytes that are written as one, and so are not mixed with those of others (PIPE_BUF)
_READ = 1 << 16
_NEW = ".new"
_EVENT: msgspec.json.Decoder[list[str]] = msgspec.json.Decoder(list[str])


class PipeNodes:
    """The processes whose pipes are in a directory."""

    def __init__(self, directory: Path, here: str | None = None) -> None:
        self.here = here or new_identifier()
        self._directory = directory
        self._file: int | None = None
        self._rest = b""

    def start(self, hear: Hear) -> None:
        """This process runs from now on; `hear` is called in the event loop. OSError where no pipe can be made."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        path = self._directory / f"{self.here}{_NEW}"
        os.mkfifo(path, 0o600)
        # To write, too: without a writer a pipe can be read all the time, and then ends.
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        path.rename(self._directory / self.here)  # it never has its name without a reader
        asyncio.get_running_loop().add_reader(self._file, self._read, self._file, hear)

    def stop(self) -> None:
        """This process has ended its work. Its pipe stays, so that others look for what it may have left unfinished."""
        if self._file is None:
            return
        asyncio.get_running_loop().remove_reader(self._file)
        os.close(self._file)
        self._file = None

    def running(self) -> set[str]:
        """The identifiers of the processes that run."""
        return {name for name in self._names() if self._runs(name)}

    def ended(self) -> set[str]:
        """The identifiers of the processes that have ended, until they are forgotten."""
        return {name for name in self._names() if not self._runs(name)}

    def forget(self, ended: Collection[str]) -> None:
        """Removes the pipes of processes that have ended."""
        for name in ended:
            (self._directory / name).unlink(missing_ok=True)

    def ring(self, event: str, *arguments: str) -> None:
        """Tells all other processes of an event. One whose pipe is full misses it."""
        line = msgspec.json.encode([event, *arguments]) + b"\n"
        if len(line) > _MOST:
            return
        for name in self._names():
            if name != self.here:
                with suppress(OSError), self._opened(name) as file:
                    os.write(file, line)

    def _names(self) -> list[str]:
        try:
            return [entry.name for entry in os.scandir(self._directory) if "." not in entry.name]
        except FileNotFoundError:
            return []

    def _runs(self, name: str) -> bool:
        try:
            with self._opened(name):
                return True
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENOENT):
                return False
            raise

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        file = os.open(self._directory / name, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            yield file
        finally:
            os.close(file)

    def _read(self, file: int, hear: Hear) -> None:
        try:
            *lines, self._rest = (self._rest + os.read(file, _READ)).split(b"\n")
        except BlockingIOError:
            return
        for line in lines:
            with suppress(msgspec.DecodeError, TypeError, ValueError):  # of another program, or another version of this one
                event, *arguments = _EVENT.decode(line)
                hear(event, arguments)
