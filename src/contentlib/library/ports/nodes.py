"""Specifies what is known of the processes that serve the same data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

Hear = Callable[[str, Sequence[str]], None]
"""Receives the name of an event and its arguments."""
Missed = Callable[[], None]
"""Called when events may have been missed."""


class NodeState(NamedTuple):
    """A process as an operator sees it: the name of its server, its number, its version, and whether it runs.

    `age` and `silence` are the milliseconds since it started, and since the others last heard of it.
    """

    name: str
    process: int
    version: str
    state: str
    age: int
    silence: int


class Places(Protocol):
    """Numbered places of several kinds, which all processes share. Those of a process that ends are free."""

    def take(self, kind: str, most: int) -> int | None:
        """Takes one of `most` places of a kind. Returns what is to be given to `release`, or None if all are taken."""

    def release(self, place: int) -> None:
        """Releases a place."""


class Nodes(Protocol):
    """The processes that serve the same data, each with an identifier that is used once. This process is one of them.

    OSError where the others cannot be asked for.
    """

    here: str
    """The identifier of this process, by which rows tell what it is working on."""

    async def start(self, hear: Hear, missed: Missed) -> None:
        """This process runs from now on; both are called in the event loop."""

    async def drain(self) -> None:
        """This process takes no new work any more."""

    async def stop(self) -> None:
        """This process has ended its work. Others look for what it may have left unfinished."""

    async def running(self) -> set[str]:
        """The identifiers of the processes that run, including this one once it was started.

        A process runs before it writes its identifier into any row, so one that a row names and that is not among those which
        run afterwards has ended. Where processes are only known by their silence, one that was silent too long can come back:
        what it had claimed is not its own any more.
        """

    async def here_running(self) -> set[str]:
        """The identifiers of the processes of this machine that run."""

    async def ended(self) -> set[str]:
        """The identifiers of the processes that have ended, until they are forgotten."""

    async def all(self) -> list[NodeState]:
        """All processes that are not forgotten, in order of their servers and numbers."""

    async def forget(self, ended: Collection[str]) -> None:
        """Forgets processes that have ended; nothing is claimed by them any more."""

    def ring(self, event: str, *arguments: str) -> None:
        """Tells all other processes of an event.

        One that is too busy, or has just started, may miss it: an event only makes something happen sooner.
        """
