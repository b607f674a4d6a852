"""What is cached until a generation ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contentlib.access.generation_cache import GenerationCache


class Numbers:
    """Answers each read with another number; a change ends the generation."""

    def __init__(self) -> None:
        self.generation: int | None = 0
        self.reads = 0
        self.during: Callable[[], None] = lambda: None
        self.cache: GenerationCache[str, int] = GenerationCache(lambda: self.generation, 2)

    def change(self) -> None:
        self.generation = (self.generation or 0) + 1

    async def find(self, key: str) -> int | None:
        return self.cache.get(key) or await self.cache.fill(key, self._read())

    async def _read(self) -> int:
        self.during()
        self.reads += 1
        return self.reads


@pytest.fixture
def numbers() -> Numbers:
    return Numbers()


async def test_a_value_is_read_once_in_a_generation(numbers: Numbers) -> None:
    assert [await numbers.find("a") for _ in range(3)] == [1, 1, 1]
    numbers.change()
    assert [await numbers.find("a") for _ in range(3)] == [2, 2, 2]


async def test_a_value_is_not_cached_if_something_changes_while_it_is_read(numbers: Numbers) -> None:
    numbers.during = numbers.change
    assert await numbers.find("a") == 1
    numbers.during = lambda: None
    assert [await numbers.find("a") for _ in range(2)] == [2, 2]


async def test_a_value_of_an_older_generation_is_not_cached_in_the_next_one(numbers: Numbers) -> None:
    """Another caller has asked for something meanwhile."""

    def change() -> None:
        numbers.change()
        numbers.cache.get("b")

    numbers.during = change
    await numbers.find("a")
    numbers.during = lambda: None
    assert await numbers.find("a") == 2


async def test_nothing_is_cached_while_no_generation_can_be_told(numbers: Numbers) -> None:
    await numbers.find("a")
    numbers.generation = None
    assert [await numbers.find("a") for _ in range(2)] == [2, 3]
    numbers.generation = 0  # the commit of another table has ended
    assert [await numbers.find("a") for _ in range(2)] == [4, 4]


async def test_a_full_cache_begins_anew(numbers: Numbers) -> None:
    assert [await numbers.find(key) for key in "abc"] == [1, 2, 3]
    assert [await numbers.find(key) for key in "ca"] == [3, 4]


async def test_nothing_is_cached_of_what_is_not_there(numbers: Numbers) -> None:
    async def nothing() -> None:
        return None

    assert await numbers.cache.fill("a", nothing()) is None
    assert await numbers.find("a") == 1
