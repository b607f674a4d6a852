"""Notifies other parts of the same process of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

Arguments = ParamSpec("Arguments")


class Signal(Generic[Arguments]):
    """Is called when something has happened, and calls its receivers in the order in which they were connected."""

    def __init__(self) -> None:
        self._receivers: list[Callable[Arguments, object]] = []

    def connect(self, receiver: Callable[Arguments, object]) -> None:
        """Adds a receiver."""
        self._receivers.append(receiver)

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        """Calls the receivers; what one raises reaches the caller."""
        for receiver in self._receivers:
            receiver(*args, **kwargs)


def unheard(*_: object) -> None:
    """The default of a callback: nothing is connected to it."""
