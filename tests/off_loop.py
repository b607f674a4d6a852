"""A blob store that fails a test where the program calls it in an event loop, and that hangs when it is told to."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

from contentlib.blobs.filesystem import FilesystemBlobs, StagedFile

_GUARDED = (
    *("ping", "probe", "space", "stage", "staged_size", "staged_bytes", "discard", "uploads", "keep", "flush", "stat", "read"),
    *("remove", "blobs", "describe", "described", "undescribe", "staged_start"),
)


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class OffLoopBlobs(FilesystemBlobs):
    """A storage that is `hung` answers no call before it is let go; tests may call the others from wherever they are."""

    def __init__(self, roots: Mapping[str, Path]) -> None:
        super().__init__(roots)
        self.hung: dict[str, threading.Event] = {}
        self.called: list[str] = []

    def hang(self, storage: str) -> threading.Event:
        """From now on the storage does not answer, until the event is set."""
        return self.hung.setdefault(storage, threading.Event())

    def answer(self, storage: str) -> None:
        """The storage answers again, also those who have waited."""
        self.hung.pop(storage).set()

    def _before(self, storage: str | None, name: str) -> None:
        caller = str(sys._getframe(2).f_globals["__name__"])
        assert not (_in_loop() and caller.startswith("contentlib")), f"{caller} calls {name} in the event loop"
        if not _in_loop():
            self.called.append(name)
            while (hung := self.hung.get(storage or "")) is not None:
                hung.wait()


def _guarded(name: str) -> Callable[..., Any]:
    inner = getattr(FilesystemBlobs, name)

    @wraps(inner)
    def call(self: OffLoopBlobs, storage: str | None = None, *arguments: Any) -> Any:
        self._before(storage, name)
        found = inner(self, storage, *arguments) if storage is not None else inner(self)
        if name in ("read", "staged_bytes"):
            return _pieces(self, storage, found)
        return _Watched(self, storage or "", found) if name == "stage" else found

    return call


def _pieces(store: OffLoopBlobs, storage: str | None, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        store._before(storage, "read")
        yield piece


class _Watched:
    """An upload that hangs with its storage."""

    def __init__(self, store: OffLoopBlobs, storage: str, inner: StagedFile) -> None:
        self._store = store
        self._storage = storage
        self._inner = inner
        self.is_new = inner.is_new

    @property
    def size(self) -> int:
        return self._inner.size

    @property
    def mark(self) -> str:
        return self._inner.mark

    def stamp(self) -> str:
        self._store._before(self._storage, "stamp")
        return self._inner.stamp()

    def append(self, data: bytes) -> None:
        self._store._before(self._storage, "append")
        self._inner.append(data)

    def save(self) -> None:
        self._store._before(self._storage, "save")
        self._inner.save()

    def empty(self) -> None:
        self._store._before(self._storage, "empty")
        self._inner.empty()

    def drop(self) -> None:
        self._store._before(self._storage, "drop")
        self._inner.drop()

    def close(self) -> None:
        self._store._before(self._storage, "close")
        self._inner.close()

    def __enter__(self) -> _Watched:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


for _name in _GUARDED:
    if hasattr(FilesystemBlobs, _name):
        setattr(OffLoopBlobs, _name, _guarded(_name))
