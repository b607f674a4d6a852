"""Writes the audit entry of a transaction: notes what its statements change, and appends one entry to the chain at its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import BigInteger, bindparam, insert, select, update

from contentlib.library.actors import actor
from contentlib.library.audit_chain import content_of, hash_after, identifiers_of, index_of
from contentlib.library.model import Actor, AuditEntry, AuditLink, AuditNote, AuditThing
from contentlib.metadata import tables
from contentlib.metadata.audit_things import ITEM, has_name, item_of, look_up, written
from contentlib.metadata.portable import given_texts
from contentlib.metadata.routine import OF_SERVER
from contentlib.metadata.statement import Connection, Statement

HEAD, ANCHOR = "head", "anchor"
_MOST_THINGS = 30
_MOST_LOOKUPS = 10

_COLUMNS = ("sequence", "time", "user", "operation", "outcome", "content", "hash")
_ADD = Statement(insert(tables.audit).values({name: bindparam(name) for name in _COLUMNS}))
_THINGS = given_texts("things").subquery()
_ADD_THINGS = Statement(
    insert(tables.audit_things).from_select(
        ("thing", "sequence"), select(_THINGS.c.value, bindparam("sequence", type_=BigInteger()))
    )
)
_LINKS = tables.audit_ends
_GET_LINK = Statement(select(_LINKS.c.sequence, _LINKS.c.hash).where(_LINKS.c.name == bindparam("key")))
_MOVE_LINK = Statement(
    update(_LINKS).where(_LINKS.c.name == bindparam("key")).values(sequence=bindparam("last"), hash=bindparam("digest"))
)
_ADD_LINK = Statement(insert(_LINKS).values(name=bindparam("key"), sequence=bindparam("last"), hash=bindparam("digest")))


def wall_clock() -> int:
    """The machine's time."""
    return time.time_ns() // 1_000_000


async def link(connection: Connection, name: str) -> AuditLink:
    """One end of the chain."""
    row = await connection.row(_GET_LINK, {"key": name})
    return AuditLink() if row is None else AuditLink(*row)


async def move_link(connection: Connection, name: str, to: AuditLink) -> None:
    """Moves an end of the chain."""
    values = {"key": name, "last": to.sequence, "digest": to.hash}
    if not await connection.run(_MOVE_LINK, values):
        await connection.run(_ADD_LINK, values)


class AuditedConnection:
    """A connection that notes the changes of one transaction after the other. Reading statements pass it by.

    One that `keeps_head` knows the head of the chain from one transaction to the next, until it is told to forget it. It
    writes it once for all transactions that are committed together: `settle`.
    """

    def __init__(self, inner: Connection, now: Callable[[], int], *, keeps_head: bool = False) -> None:
        self.rows, self.row = inner.rows, inner.row
        self.recall, self.value, self.remember = inner.recall, inner.value, inner.remember
        self.has_written = inner.has_written
        self._inner = inner
        self._now = now
        self._keeps_head = keeps_head
        self.forget_head()
        self.begin()

    def forget_head(self) -> None:
        """Others may have added entries, or those of this connection were undone."""
        self._head: AuditLink | None = None
        self._written: AuditLink | None = None

    async def head(self) -> AuditLink:
        """The place of the newest entry, also of one that is not committed yet."""
        if self._head is None:
            self._head = self._written = await link(self._inner, HEAD)
        return self._head

    async def settle(self) -> None:
        """Writes the head, before a commit."""
        if self._head is not None and self._head != self._written:
            await move_link(self._inner, HEAD, self._head)
            self._written = self._head

    def undo(self) -> None:
        """A transaction was undone; those before it, which are to be committed with it, were not."""
        self._head, self._written = self._before

    def begin(self) -> None:
        """A transaction begins."""
        if not self._keeps_head:
            self.forget_head()
        self._before = self._head, self._written
        self._draft: _Draft | None = None
        self._note: AuditNote | None = None
        self._skipped = False

    def note(self, note: AuditNote) -> None:
        """Completes the entry."""
        self._note = note

    def skip(self) -> None:
        """Adds no entry."""
        self._skipped = True

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Returns the number of changed rows."""
        if not statement.audited or self._skipped:
            return await self._inner.run(statement, values)
        draft = self._draft or await self._begin_draft()
        thing = written(statement.table, values)
        if thing is not None and statement.removes:
            await draft.before_removal(thing)
        count = await self._inner.run(statement, values)
        if count:
            draft.changed(statement.table, count, thing, item_of(statement.table, values))
        return count

    async def _begin_draft(self) -> _Draft:
        """Finds what the call is about while it is as it was before the change."""
        draft = self._draft = _Draft(self._inner, actor())
        for kind, identifier in draft.actor.things[:_MOST_LOOKUPS]:
            await draft.look_up(kind, identifier)
        return draft

    async def end(self) -> None:
        """Adds the entry of the transaction, if there is to be one."""
        if self._skipped or (self._draft is None and self._note is None):
            return
        draft = self._draft or await self._begin_draft()
        if not draft.actor.request and not draft.actor.user:
            draft.leave_out(OF_SERVER)
        if draft.changes or self._note is not None:
            await self._append(draft, self._note or AuditNote())
        if not self._keeps_head:
            await self.settle()

    async def _append(self, draft: _Draft, note: AuditNote) -> None:
        for thing in note.things:
            draft.add(thing)
        await draft.name_others()
        head = await self.head()
        entry = draft.entry(head.sequence + 1, self._now(), note)
        content = content_of(entry)
        digest = hash_after(head.hash, content)
        await self._inner.run(_ADD, _row(entry, content, digest))
        things = msgspec.json.encode(identifiers_of(entry)).decode()
        await self._inner.run(_ADD_THINGS, {"things": things, "sequence": entry.sequence})
        self._head = AuditLink(entry.sequence, digest)


class _Draft:
    """What the entry of a transaction will say: who acts, how many rows of each table changed, and which things."""

    def __init__(self, connection: Connection, who: Actor) -> None:
        self.actor = who
        self.changes: Counter[str] = Counter()
        self._connection = connection
        self._things: dict[tuple[str, str], AuditThing] = {}
        self._removed: set[tuple[str, str]] = set()

    def changed(self, table: str, count: int, thing: AuditThing | None, item: str | None) -> None:
        """Notes changed rows, and what they belong to."""
        self.changes[table] += count
        if thing is not None:
            self.add(thing)
        if item is not None:
            self.add(AuditThing(ITEM, item))

    def leave_out(self, tables: Collection[str]) -> None:
        """Drops the changes of some tables."""
        for table in tables:
            del self.changes[table]

    async def before_removal(self, thing: AuditThing) -> None:
        """Finds the name of a thing that is about to be removed."""
        key = (thing.type, thing.id)
        if key not in self._things and has_name(thing.type) and len(self._removed) < _MOST_LOOKUPS:
            await self.look_up(thing.type, thing.id)
        self._removed.add(key)

    async def look_up(self, kind: str, identifier: str) -> None:
        """Adds a thing, and what it is in."""
        for thing in await look_up(self._connection, kind, identifier):
            self.add(thing)

    def add(self, thing: AuditThing) -> None:
        """Adds a thing, or its name."""
        key = (thing.type, thing.id or thing.name)
        known = self._things.get(key)
        if known is None or (thing.name and thing.name != known.name):
            library = thing.library or ("" if known is None else known.library)
            self._things[key] = AuditThing(thing.type, thing.id, thing.name, library)

    async def name_others(self) -> None:
        """Finds the names of things of which only the identifier was written."""
        nameless = [key for key, thing in self._things.items() if not thing.name and has_name(thing.type)]
        for kind, identifier in [key for key in nameless if key not in self._removed][:_MOST_LOOKUPS]:
            if kind in (ITEM, "library", "tag", "category"):
                await self.look_up(kind, identifier)

    def entry(self, sequence: int, time: int, note: AuditNote) -> AuditEntry:
        """The entry."""
        things = tuple(self._things.values())
        return AuditEntry(
            sequence=sequence,
            time=time,
            user=self.actor.user,
            token=self.actor.token,
            session=self.actor.session,
            address=self.actor.address,
            operation=self.actor.operation,
            request=self.actor.request,
            outcome=note.outcome,
            error=note.error,
            things=things[:_MOST_THINGS],
            omitted=max(len(things) - _MOST_THINGS, 0),
            changes={**self.changes, **note.changes},
            count=note.count,
        )


def _row(entry: AuditEntry, content: str, digest: str) -> dict[str, Any]:
    return index_of(entry) | {"sequence": entry.sequence, "time": entry.time, "content": content, "hash": digest}
