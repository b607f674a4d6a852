"""Passes the signals of this process to the other processes that serve the same data, and theirs to this one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial

from contentlib.app.core import Signals
from contentlib.library.ports import Nodes
from contentlib.library.signals import Signal

_WITHOUT_ARGUMENTS = ("task_submitted", "trash_changed", "configuration_changed")


class Bells:
    """Rings for every signal in all other processes."""

    def __init__(self, signals: Signals, nodes: Nodes) -> None:
        self._nodes = nodes
        self._heard: dict[str, Callable[..., object]] = {}
        self._hearing = False
        for each in fields(signals):
            self._connect(each.name, getattr(signals, each.name))

    def carry(self, name: str, signal: Signal[...], hear: Callable[..., object]) -> None:
        """Rings for one more signal, and hears it from others; `hear` does not give the signal again."""
        signal.connect(partial(self._nodes.ring, name))
        self._heard[name] = hear

    def hear(self, event: str, arguments: Sequence[str]) -> None:
        """Another process has given a signal; one that is unknown comes from another version of the program."""
        if (heard := self._heard.get(event)) is not None:
            self._hearing = True
            try:
                heard(*arguments)
            finally:
                self._hearing = False

    def catch_up(self) -> None:
        """Gives every signal without arguments, because some may have been missed."""
        for event in _WITHOUT_ARGUMENTS:
            self.hear(event, ())

    def _connect(self, name: str, signal: Signal[...]) -> None:
        def ring(*arguments: str) -> None:
            if not self._hearing:
                self._nodes.ring(name, *arguments)

        signal.connect(ring)
        self._heard[name] = signal
