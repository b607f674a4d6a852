"""Specifies what is known of the processes that serve the same data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

Hear = Callable[[str, Sequence[str]], None]
"""Receives the name of an event and its arguments."""


class Places(Protocol):
    """Numbered places of several kinds, which all processes share. Those of a process that ends are free."""

    def take(self, kind: str, most: int) -> int | None:
        """Takes one of `most` places of a kind. Returns what is to be given to `release`, or None if all are taken."""

    def release(self, place: int) -> None:
        """Releases a place."""


class Nodes(Protocol):
    """The processes that serve the same data, each with an identifier that is used once. This process is one of them."""

    here: str
    """The identifier of this process, by which rows tell what it is working on."""

    def running(self) -> set[str]:
        """The identifiers of the processes that run, including this one.

        A process runs before it writes its identifier into any row, so one that a row names and that is not among those which
        run afterwards has ended.
        """

    def ended(self) -> set[str]:
        """The identifiers of the processes that have ended, until they are forgotten."""

    def forget(self, ended: Collection[str]) -> None:
        """Forgets processes that have ended; nothing is claimed by them any more."""

    def ring(self, event: str, *arguments: str) -> None:
        """Tells all other processes of an event.

        One that is too busy, or has just started, may miss it: an event only makes something happen sooner.
        """
