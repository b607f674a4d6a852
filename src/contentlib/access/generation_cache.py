"""Caches what was worked out of the database until a generation of its tables ends."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class GenerationCache(Generic[Key, Value]):
    """Values of one generation, at most so many. `generation` returns None when values must not be cached."""

    def __init__(self, generation: Callable[[], int | None], most: int) -> None:
        self._generation = generation
        self._most = most
        self._current: int | None = None
        self._values: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        """Returns the value of a key in the generation of now, or None if it is not cached."""
        generation = self._generation()
        if generation != self._current:
            self._values = {}
            self._current = generation
        return self._values.get(key)

    async def fill(self, key: Key, read: Coroutine[Any, Any, Value | None]) -> Value | None:
        """Reads a value and caches it, unless the generation has changed meanwhile."""
        generation = self._generation()
        value = await read
        if value is not None:
            self.put(key, value, generation)
        return value

    def put(self, key: Key, value: Value, generation: int | None) -> None:
        """Caches a value that was read after the generation had this number."""
        if generation is None or generation != self._current or generation != self._generation():
            return
        if len(self._values) >= self._most:
            self._values.clear()
        self._values[key] = value
