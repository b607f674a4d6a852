"""Moves the rows of a SQLite database to PostgreSQL in passes; the last one, without writers, is also the verification.

It can be interrupted at any point and started again: docs/design/decisions/0023.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from contentlib.library.audit_chain import Chain, ChainBroken
from contentlib.metadata.moves.ranges import Key, MovedTable, Range, moved_tables
from contentlib.metadata.moves.source import SourceDatabase
from contentlib.metadata.moves.target import CONSTRAINT, INDEX, TargetDatabase, opened_target
from contentlib.metadata.postgresql import migrating
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.store import PostgresqlMetadata

_MOST_PASSES = 5
_SHORT_SECONDS = 5.0  # a pass that is not longer leaves little for the last one
_PAGE = 500  # audit entries


class MoveWatcher(Protocol):
    """Shows the progress of a move."""

    def begin(self, phase: str, rows: int) -> None:
        """A phase begins, which looks at so many rows."""

    def advance(self, table: str, rows: int) -> None:
        """So many more rows of a table are done."""


@dataclass(slots=True)
class Moved:
    """What was moved."""

    place: str
    rows: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    """By table: the digest that the rows have in both databases."""
    seconds: float = 0.0
    read_only_seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)


def move_rows(path: Path, address: Address, watcher: MoveWatcher) -> Moved:
    """Moves all rows. Raises RuntimeError or OSError if that is not possible; the command can then be started again."""
    with closing(SourceDatabase(path)) as source:
        source.server()
        if migrating.version(address) is None:
            migrating.upgrade_database(address)
        return asyncio.run(_Move(source, address, watcher).run())


def count_source_rows(path: Path, address: Address) -> dict[str, int]:
    """The rows of each table that would be moved. Raises RuntimeError or OSError if the target cannot be used."""
    with closing(SourceDatabase(path)) as source:
        server = source.server()
        if migrating.version(address) is not None:
            asyncio.run(_check(address, server))
        return {table.name: source.count(table) for table in moved_tables()}


def reopen_source(path: Path, address: Address | None) -> None:
    """Makes the SQLite database usable again, with the rows that it had when it was moved.

    If the address is given, no server can use the database there any more. It can be the target of another move.
    """
    with closing(SourceDatabase(path)) as source:
        if not source.is_moved:
            raise RuntimeError(f"database {path} was not moved; there is nothing to undo")
        if address is not None:
            asyncio.run(_take_back(address, source.server()))
        with source.closed():
            source.unmark()


async def _check(address: Address, server: str) -> None:
    async with opened_target(address, moved_tables()) as target:
        await target.check(server)


async def _take_back(address: Address, server: str) -> None:
    async with opened_target(address, moved_tables()) as target:
        await target.begin(server, again=True)


class _Move:
    def __init__(self, source: SourceDatabase, address: Address, watcher: MoveWatcher) -> None:
        self._source = source
        self._address = address
        self._watcher = watcher
        self._server = source.server()
        self._tables = moved_tables()
        self._chain: Chain | None = None
        self._equal: dict[tuple[str, Key | None], Range] = {}
        """The ranges that this pass found equal in both databases. Only this command changes the target."""
        self._equal_before = self._equal
        """Those of the pass before. Those of older passes are forgotten: a pass can divide the rows at other keys."""

    async def run(self) -> Moved:
        began = time.monotonic()
        async with opened_target(self._address, self._tables) as target:
            moved = Moved(target.place)
            if await target.begin(self._server, again=False):
                if not self._source.is_moved:
                    await self._copy_beside(target, moved)
                await self._finish(target, moved)
            elif not self._source.is_moved:
                raise RuntimeError(f"{target.place} has rows of an earlier move, which was undone; use an empty database")
        moved.seconds = time.monotonic() - began
        return moved

    async def _copy_beside(self, target: TargetDatabase, moved: Moved) -> None:
        """Copies most of the rows while servers change them."""
        await self._pass(target, "copy", moved, final=False)
        await self._complete(target, INDEX)
        await target.analyze()
        await self._follow(moved)
        for _ in range(_MOST_PASSES):
            began = time.monotonic()
            changed = await self._pass(target, "catch up", moved, final=False)
            if not changed or time.monotonic() - began < _SHORT_SECONDS:
                return

    async def _finish(self, target: TargetDatabase, moved: Moved) -> None:
        """Copies the rest without writers, verifies all, and makes the other database the one that is used."""
        began = time.monotonic()
        with self._source.closed():
            await self._pass(target, "catch up and verify, read-only", moved, final=True)
            await self._follow(moved, to_the_end=True)
            await self._complete(target, INDEX)
            await self._complete(target, CONSTRAINT)
            if not self._source.is_moved:
                self._source.mark(target.place)
            await target.open(self._server)
        moved.read_only_seconds = time.monotonic() - began

    async def _complete(self, target: TargetDatabase, kind: str) -> None:
        self._watcher.begin("create indexes" if kind == INDEX else "create constraints", await target.incomplete(kind))
        async for _ in target.complete(kind):
            self._watcher.advance(kind, 1)

    async def _pass(self, target: TargetDatabase, phase: str, moved: Moved, *, final: bool) -> int:
        """Compares all ranges of all tables and copies those that differ. Returns their number."""
        self._equal_before, self._equal = self._equal, {}
        self._watcher.begin(phase, sum(map(self._source.count, self._tables)))
        return sum([await self._table(target, table, moved, final=final) for table in self._tables])

    async def _table(self, target: TargetDatabase, table: MovedTable, moved: Moved, *, final: bool) -> int:
        changed, rows, digest = 0, 0, hashlib.sha256()
        reading = asyncio.create_task(asyncio.to_thread(self._source.next_range, table, None))
        try:
            while True:
                limits = await reading
                if limits.until is not None:  # the next range is read while this one is compared
                    reading = asyncio.create_task(asyncio.to_thread(self._source.next_range, table, limits.until))
                changed += await self._range(target, table, limits, final=final)
                rows += limits.rows
                digest.update(limits.digest)
                self._watcher.advance(table.name, limits.rows)
                if limits.until is None:
                    break
        finally:
            await asyncio.wait({reading})
        moved.rows[table.name], moved.digests[table.name] = rows, digest.hexdigest()
        return changed

    async def _range(self, target: TargetDatabase, table: MovedTable, limits: Range, *, final: bool) -> bool:
        """Whether the range had to be copied."""
        expected, place = (limits.rows, limits.digest), (table.name, limits.after)
        if final and self._equal_before.get(place) == limits:
            return False
        if await target.digest(table, limits) == expected:
            self._equal[place] = limits
            return False
        await target.replace(table, limits, self._source.rows(table, limits))
        if final and await target.digest(table, limits) != expected:
            key = "the start" if limits.after is None else f"key {limits.after}"
            raise RuntimeError(
                f"table {table.name}: {limits.rows} rows from {key} on differ after they were copied to {target.place}; "
                "look for triggers or other programs that change them there"
            )
        return True

    async def _follow(self, moved: Moved, *, to_the_end: bool = False) -> None:
        """Verifies the audit log in the target, from where it was verified before. A broken one is moved as it is."""
        metadata = PostgresqlMetadata(self._address)
        try:
            async with metadata.reading() as transaction:
                chain = self._chain = self._chain or Chain(await transaction.audit.anchor())
                while records := await transaction.audit.after(chain.link.sequence, _PAGE):
                    chain.follow(records)
                if to_the_end:
                    chain.end(await transaction.audit.head())
        except ChainBroken as error:
            if to_the_end:
                moved.warnings.append(f"the audit log was already broken before the move: {error}")
        finally:
            await metadata.close()
