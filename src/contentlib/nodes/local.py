"""Tells worker processes of one machine apart by locked files, and passes events between them through pipes.

Each process has a file, named by its identifier, and holds a lock on it. The kernel releases the lock of a process that is
killed, so others find out at once and need no clock. The file tells where the process reads events: a pipe without a name,
which others open by the process's descriptor (`/proc`, on Linux; elsewhere no events arrive). An event is a JSON array on a
line.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from contentlib.library.identifiers import new_identifier
from contentlib.library.ports.nodes import Hear, Missed, NodeState

_MOST = 4096  # bytes that are written as one, and so are not mixed with those of others (PIPE_BUF)
_READ = 1 << 16
_NEW = ".new"
_EVENT: msgspec.json.Decoder[list[str]] = msgspec.json.Decoder(list[str])


class _Pipe(msgspec.Struct, frozen=True):
    """The pipe of a process: its descriptor for writing there, and its number, which no other pipe has."""

    process: int
    descriptor: int
    number: int


class LocalNodes:
    """The processes whose files are in a directory."""

    def __init__(self, directory: Path) -> None:
        self.here = new_identifier()
        self._directory = directory
        self._file: int | None = None
        self._pipe: tuple[int, int] | None = None
        self._rest = b""

    async def start(self, hear: Hear, missed: Missed) -> None:  # noqa: ARG002 - what a full pipe misses is not known
        """This process runs from now on; `hear` is called in the event loop. OSError where its file cannot be written."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        path = self._directory / f"{self.here}{_NEW}"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        reading, writing = self._pipe = os.pipe()
        os.set_blocking(reading, False)
        os.write(self._file, msgspec.json.encode(_Pipe(os.getpid(), writing, os.fstat(writing).st_ino)))
        path.rename(self._directory / self.here)  # it never has its name without the lock
        asyncio.get_running_loop().add_reader(reading, self._read, reading, hear)

    async def drain(self) -> None:
        """Does nothing: who takes new work is the choice of the process that listens."""

    async def stop(self) -> None:
        """This process has ended its work. Its file stays, so that others look for what it may have left unfinished."""
        if self._file is None or self._pipe is None:
            return
        asyncio.get_running_loop().remove_reader(self._pipe[0])
        for each in (*self._pipe, self._file):
            os.close(each)
        self._file = self._pipe = None

    async def running(self) -> set[str]:
        """The identifiers of the processes that run."""
        return {name for name in self._names() if self._runs(name)}

    async def here_running(self) -> set[str]:
        """The identifiers of the processes that run."""
        return await self.running()

    async def ended(self) -> set[str]:
        """The identifiers of the processes that have ended, until they are forgotten."""
        return {name for name in self._names() if not self._runs(name)}

    async def all(self) -> list[NodeState]:
        """The processes, as their files tell."""
        return sorted(state for name in self._names() if (state := self._state(name)) is not None)

    async def forget(self, ended: Collection[str]) -> None:
        """Removes the files of processes that have ended."""
        for name in ended:
            (self._directory / name).unlink(missing_ok=True)

    def ring(self, event: str, *arguments: str) -> None:
        """Tells all other processes of an event. One whose pipe is full misses it."""
        line = msgspec.json.encode([event, *arguments]) + b"\n"
        if len(line) > _MOST:
            return
        for name in self._names():
            if name != self.here:
                with suppress(OSError, msgspec.DecodeError), self._opened_pipe(name) as pipe:
                    if pipe is not None:
                        os.write(pipe, line)

    def _state(self, name: str) -> NodeState | None:
        try:
            told = msgspec.json.decode((self._directory / name).read_bytes(), type=_Pipe)
            since = (self._directory / name).stat().st_mtime
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        age = int((time.time() - since) * 1000)
        runs = self._runs(name)
        return NodeState(socket.gethostname(), told.process, "", "running" if runs else "ended", age, 0 if runs else age)

    def _names(self) -> list[str]:
        try:
            return [entry.name for entry in os.scandir(self._directory) if "." not in entry.name]
        except FileNotFoundError:
            return []

    def _runs(self, name: str) -> bool:
        """Whether the process holds the lock on its file."""
        if name == self.here and self._file is not None:
            return True
        try:
            file = os.open(self._directory / name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False

    @contextmanager
    def _opened_pipe(self, name: str) -> Iterator[int | None]:
        """The pipe of a process, to write; None if the process has ended and its number was given to another one."""
        told = msgspec.json.decode((self._directory / name).read_bytes(), type=_Pipe)
        pipe = os.open(f"/proc/{told.process}/fd/{told.descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(pipe)
            yield pipe if stat.S_ISFIFO(found.st_mode) and found.st_ino == told.number else None
        finally:
            os.close(pipe)

    def _read(self, file: int, hear: Hear) -> None:
        try:
            *lines, self._rest = (self._rest + os.read(file, _READ)).split(b"\n")
        except BlockingIOError:
            return
        for line in lines:
            with suppress(msgspec.DecodeError, TypeError, ValueError):  # of another program, or another version of this one
                event, *arguments = _EVENT.decode(line)
                hear(event, arguments)
