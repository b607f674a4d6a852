"""Measures queries on a database of many libraries and items, which it fills itself: `python -m bench.query_rows 1000000`."""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace

from bench.results import say
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import (
    Annotation,
    Item,
    ItemQuery,
    Library,
    LibraryQuery,
    LibraryType,
    SeenLibraries,
    Selection,
    SortKey,
)
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.settings import Settings
from contentlib.stores import database_of, open_rows

_SYSTEMS = ("ubuntu", "debian", "photon", "windows", "fedora", "rocky", "alma", "suse")
_KINDS = ("server", "desktop", "minimal", "cloud", "appliance")
_AT_ONCE, _TIMES = 1000, 7


def main() -> None:
    """Fills a database and prints how long each query takes."""
    parser = argparse.ArgumentParser(prog="python -m bench.query_rows")
    parser.add_argument("items", type=int, nargs="?", default=100_000)
    parser.add_argument("--libraries", type=int, default=1000)
    parser.add_argument("--database", help="a PostgreSQL URL; without it, a SQLite file is made")
    parser.add_argument("--directory", type=Path, help="where the data stay, to be measured again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = given.directory or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        settings = Settings(data_dir=directory, database=given.database)
        database_of(settings).upgrade()
        asyncio.run(_measure(settings, given.items, given.libraries))


async def _measure(settings: Settings, items: int, libraries: int) -> None:
    store = open_rows(settings)
    async with store.reading() as transaction:
        homes = await transaction.libraries.find()
    if not homes:
        began = time.perf_counter()
        homes = await _fill(store, items, libraries)
        say(f"{items:,} items in {libraries:,} libraries, filled in {time.perf_counter() - began:.0f} s")
    for name, query in _queries(homes).items():
        await _tell(name, lambda query=query: _page(store, query))  # type: ignore[misc] # each lambda has its own query
    await _tell("change an item", lambda: _change(store, homes[0]))
    await store.close()


async def _tell(name: str, work: Callable[[], Awaitable[object]]) -> None:
    took, worked = list[float](), list[float]()
    for _ in range(_TIMES):
        began, used = time.perf_counter(), time.process_time()
        found = await work()
        took.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - used) * 1000)
    print(f"{name:45} {statistics.median(took):8.1f} ms, of a processor {statistics.median(worked):8.1f} ms; {found}")


def _queries(homes: list[str]) -> dict[str, Selection]:
    few, most = SeenLibraries(tuple(homes[:3]), others=False), SeenLibraries(tuple(homes[: len(homes) // 2]))
    return {
        "items by name": ItemQuery(),
        "items, last modified first": ItemQuery(sort=SortKey.MODIFIED, descending=True),
        "items, largest first": ItemQuery(sort=SortKey.SIZE, descending=True),
        "items of one library by size": ItemQuery(library=homes[5], sort=SortKey.SIZE),
        "items of three visible libraries": ItemQuery(seen=few, sort=SortKey.MODIFIED),
        "items of half the libraries": ItemQuery(seen=most, sort=SortKey.NAME),
        "a rare word": ItemQuery(words=("n000777",)),
        "a rare word, with three visible libraries": ItemQuery(words=("n000777",), seen=few),
        "a common word": ItemQuery(words=("ubuntu",)),
        "two common words, largest first": ItemQuery(words=("ubuntu", "server"), sort=SortKey.SIZE, descending=True),
        "two common words": ItemQuery(words=("ubuntu", "serv")),
        "a common word and a rare one": ItemQuery(words=("ubuntu", "n0001")),
        "a word that no item has": ItemQuery(words=("solaris",)),
        "a common word in half the libraries": ItemQuery(words=("debian",), seen=most, sort=SortKey.MODIFIED),
        "a common word in a type that no item has": ItemQuery(words=("ubuntu",), folded_type="none"),
        "a label": ItemQuery(labels=(("env", "prod"),)),
        "not cached": ItemQuery(cached=False),
        "libraries by name": LibraryQuery(),
        "libraries, fullest first": LibraryQuery(sort=SortKey.SIZE, descending=True),
        "libraries with a word": LibraryQuery(words=("library", "0007")),
    }


async def _page(store: MetadataStore, query: Selection) -> str:
    async with store.reading() as transaction:
        if isinstance(query, ItemQuery):
            found = await transaction.queries.items(query)
            shown = len(await transaction.lines.items(found.ids))
        else:
            found = await transaction.queries.libraries(query)  # type: ignore[arg-type] # it is one of two kinds
            shown = len(await transaction.lines.libraries(found.ids))
    return f"{shown} shown" + (", more" if found.after else "")


async def _change(store: MetadataStore, library: str) -> str:
    async with store.transaction(durable=False) as transaction:
        (first, *_) = await transaction.items.find(library=library)
        item = await transaction.items.get(first)
        assert item is not None
        await transaction.items.put(replace(item, modified=item.modified + 1, version=item.version + 1))
    return "changed"


async def _fill(store: MetadataStore, items: int, libraries: int) -> list[str]:
    chance = random.Random(1)
    homes = [_library(n) for n in range(libraries)]
    for start in range(0, items, _AT_ONCE):
        async with store.transaction(durable=False) as transaction:
            if start == 0:
                for home in homes:
                    await transaction.libraries.add(home)
            for number in range(start, min(start + _AT_ONCE, items)):
                await _add(transaction, _item(number, chance.choice(homes).id, chance), number)
    return [home.id for home in homes]


async def _add(transaction: Transaction, item: Item, number: int) -> None:
    await transaction.items.add(item)
    if number % 100 == 0:
        await transaction.annotations.put_item(
            Annotation(item.id, "ask the team", {"env": "prod" if number % 1000 else "test"})
        )


def _library(number: int) -> Library:
    name = f"library {number:04}"
    return Library(new_identifier(), name, name, "", LibraryType.LOCAL, (), "datastore-1", number, number, 1)


def _item(number: int, library: str, chance: random.Random) -> Item:
    name = f"{chance.choice(_SYSTEMS)}-{chance.choice(_KINDS)}-n{number:06}"
    moment = 1_700_000_000_000 + chance.randrange(10**9)
    size = chance.randrange(10**10)
    return Item(new_identifier(), library, name, name, "an image of a system", "iso", "iso", moment, moment, 1, 1, 1, size)


if __name__ == "__main__":
    main()
