"""Passes the signals of this process to the other processes that serve the same data, and theirs to this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from contentlib.app.core import Signals
from contentlib.library.ports import Nodes
from contentlib.library.signals import Signal


class Bells:
    """Rings for every signal in all other processes."""

    def __init__(self, signals: Signals, nodes: Nodes) -> None:
        self._nodes = nodes
        self._signals: dict[str, Signal[...]] = {each.name: getattr(signals, each.name) for each in fields(signals)}
        self._hearing = False
        for name, signal in self._signals.items():
            self._connect(name, signal)

    def hear(self, event: str, arguments: Sequence[str]) -> None:
        """Another process has given a signal; one that is unknown comes from another version of the program."""
        if (signal := self._signals.get(event)) is not None:
            self._hearing = True
            try:
                signal(*arguments)
            finally:
                self._hearing = False

    def _connect(self, name: str, signal: Signal[...]) -> None:
        def ring(*arguments: str) -> None:
            if not self._hearing:
                self._nodes.ring(name, *arguments)

        signal.connect(ring)
