"""Tells the worker processes that their server is about to stop, by closing a pipe that they have inherited."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable


class Draining:
    """The pipe. The parent has its end for writing, and closes it once."""

    def __init__(self) -> None:
        self._reading, writing = os.pipe()
        self._writing: int | None = writing

    def begin(self) -> None:
        """Tells all workers, also those that start later. Can be called again."""
        writing, self._writing = self._writing, None
        if writing is not None:
            os.close(writing)

    def hear(self, drain: Callable[[], object]) -> None:
        """Calls a function in the event loop of a worker when the parent has begun."""
        if self._writing is not None:
            os.close(self._writing)  # else the pipe would stay open
        loop = asyncio.get_running_loop()

        def heard() -> None:
            loop.remove_reader(self._reading)
            drain()

        loop.add_reader(self._reading, heard)
