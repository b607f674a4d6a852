"""The rows of the table on PostgreSQL: requests beside a loop that reads or inserts a row, and a first sync beside SQLite's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from functools import partial

import asyncpg

from bench import limits, servers
from bench.import_rows import import_all
from bench.place import Place, Stocked, stocked
from bench.results import Goal, Row, compare, per_second
from bench.sync_rows import ITEMS, SUBSCRIBER, first_sync

_CONNECTIONS = 32
_SECONDS = 4
_DURABLE = ("fsync=on", "full_page_writes=on", "shared_buffers=128MB", "log_min_messages=fatal")
_TABLE = "CREATE TABLE bare AS SELECT * FROM download_sessions WHERE false"
_ROW = "SELECT * FROM download_sessions LIMIT 1"
_READ = "SELECT * FROM download_sessions WHERE id = $1"


def postgresql(place: Place) -> Iterator[Row]:
    """The same `GET` and the same creation by a server on PostgreSQL that flushes its commits, against a Python program that
    reads or inserts one row of the same table in a loop, by asyncpg over 32 connections; and the first sync of 10,000 items of
    1 KiB by a subscriber on PostgreSQL and one on SQLite."""
    import postgresql as programs  # of the tests, on whose path `make bench` runs

    with ExitStack() as stack:
        database = stack.enter_context(programs.another_server(*_DURABLE))
        url, subscribers = database.new_database("bench"), database.new_database("subscriber")
        server = stack.enter_context(servers.contentlib(place.new("contentlib"), more={"CONTENTLIB_DATABASE": url}))
        ours = stocked(server, place)
        goals = (("GET", ours.gets(), _reads, 0.5), ("create", ours.creations(), _inserts, 0.4))
        for what, requests, loop, goal in goals:
            measures = partial(ours.rate, requests), partial(_rate, url, loop)
            told = "asyncpg reads a row" if loop is _reads else "asyncpg inserts a row"
            limit = limits.flushing() if loop is _inserts else ""
            yield compare(f"{what} a download session, PostgreSQL", told, Goal(goal), per_second, *measures, limit=limit)
        yield _first_sync(stack, place, ours, subscribers)


def _first_sync(stack: ExitStack, place: Place, publisher: Stocked, database: str) -> Row:
    asyncio.run(import_all(publisher, ITEMS))
    seconds = []
    for more in ({"CONTENTLIB_DATABASE": database}, {}):
        subscriber = stack.enter_context(servers.contentlib(place.new("subscriber"), more=SUBSCRIBER | more))
        seconds.append(first_sync(stocked(subscriber, place), publisher)[1])
    mine, theirs = seconds
    what = f"first sync of {ITEMS:,} small items, PostgreSQL"
    return Row(what, f"{mine:.2f} s", "SQLite", f"{theirs:.2f} s", mine / theirs, Goal(3, at_most=True), limits.flushing())


Loop = Callable[[asyncpg.Connection, asyncpg.Record], Awaitable[None]]


async def _reads(connection: asyncpg.Connection, row: asyncpg.Record) -> None:
    await connection.fetchrow(_READ, row["id"])


async def _inserts(connection: asyncpg.Connection, row: asyncpg.Record) -> None:
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await connection.execute(f"INSERT INTO bare VALUES ({places})", *row.values())


def _rate(url: str, loop: Loop) -> float:
    return asyncio.run(_loops(url, loop))


async def _loops(url: str, loop: Loop) -> float:
    """How often a second a statement runs, over all connections together."""
    connections = [await asyncpg.connect(url) for _ in range(_CONNECTIONS)]
    try:
        await connections[0].execute(f"DROP TABLE IF EXISTS bare; {_TABLE}")
        row = await connections[0].fetchrow(_ROW)
        if row is None:
            raise RuntimeError("there is no download session")
        began = time.monotonic()

        async def repeat(connection: asyncpg.Connection) -> int:
            count = 0
            while time.monotonic() < began + _SECONDS:
                await loop(connection, row)
                count += 1
            return count

        counts = await asyncio.gather(*map(repeat, connections))
        return sum(counts) / (time.monotonic() - began)
    finally:
        for each in connections:
            await each.close()
