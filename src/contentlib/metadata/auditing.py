"""Writes the audit entry of a transaction: notes what its statements change, and appends one entry to the chain at its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from contentlib.library.actors import actor
from contentlib.library.audit_chain import content_of, hash_after, identifiers_of, index_of
from contentlib.library.model import Actor, AuditEntry, AuditLink, AuditNote, AuditThing
from contentlib.metadata import tables
from contentlib.metadata.audit_things import ITEM, has_name, item_of, look_up, written
from contentlib.metadata.routine import OF_SERVER
from contentlib.metadata.statement import Connection, Statement

HEAD, ANCHOR = "head", "anchor"
_MOST_THINGS = 30
_MOST_LOOKUPS = 10

_COLUMNS = ("sequence", "time", "user", "operation", "outcome", "content", "hash")
_ADD = Statement(insert(tables.audit).values({name: bindparam(name) for name in _COLUMNS}))
_ADD_THING = Statement(insert(tables.audit_things).values(thing=bindparam("thing"), sequence=bindparam("sequence")))
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
    """A connection that notes the changes of one transaction after the other. Reading statements pass it by."""

    def __init__(self, inner: Connection, now: Callable[[], int]) -> None:
        self.rows, self.row = inner.rows, inner.row
        self.recall, self.value, self.remember = inner.recall, inner.value, inner.remember
        self._inner = inner
        self._now = now
        self.begin()

    def begin(self) -> None:
        """A transaction begins."""
        self._actor: Actor | None = None
        self._changes: Counter[str] = Counter()
        self._things: dict[tuple[str, str], AuditThing] = {}
        self._removed: set[tuple[str, str]] = set()
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
        if self._actor is None:
            await self._look_up()
        thing = written(statement.table, values)
        if thing is not None and statement.removes:
            await self._before_removal(thing)
        count = await self._inner.run(statement, values)
        if count:
            self._changes[statement.table] += count
            if thing is not None:
                self._add(thing)
            item = item_of(statement.table, values)
            if item is not None:
                self._add(AuditThing(ITEM, item))
        return count

    async def _look_up(self) -> None:
        """Finds what the call is about while it is as it was before the change."""
        self._actor = actor()
        for kind, identifier in self._actor.things[:_MOST_LOOKUPS]:
            for thing in await look_up(self._inner, kind, identifier):
                self._add(thing)

    async def _before_removal(self, thing: AuditThing) -> None:
        key = (thing.type, thing.id)
        if key not in self._things and has_name(thing.type) and len(self._removed) < _MOST_LOOKUPS:
            for each in await look_up(self._inner, thing.type, thing.id):
                self._add(each)
        self._removed.add(key)

    def _add(self, thing: AuditThing) -> None:
        key = (thing.type, thing.id or thing.name)
        known = self._things.get(key)
        if known is None or (thing.name and thing.name != known.name):
            library = thing.library or ("" if known is None else known.library)
            self._things[key] = AuditThing(thing.type, thing.id, thing.name, library)

    async def end(self) -> None:
        """Adds the entry of the transaction, if there is to be one."""
        if self._skipped or not (self._changes or self._note):
            return
        who = self._actor or actor()
        if not who.request and not who.user:
            for table in OF_SERVER:
                del self._changes[table]
            if not (self._changes or self._note):
                return
        note = self._note or AuditNote()
        if self._actor is None:
            await self._look_up()
        for thing in note.things:
            self._add(thing)
        await self._name_others()
        await self._append(who, note)

    async def _name_others(self) -> None:
        """Finds the names of things of which only the identifier was written."""
        nameless = [key for key, thing in self._things.items() if not thing.name and has_name(thing.type)]
        for kind, identifier in [key for key in nameless if key not in self._removed][:_MOST_LOOKUPS]:
            if kind in (ITEM, "library", "tag", "category"):
                for thing in await look_up(self._inner, kind, identifier):
                    self._add(thing)

    async def _append(self, who: Actor, note: AuditNote) -> None:
        head = await link(self._inner, HEAD)
        things = tuple(self._things.values())
        entry = AuditEntry(
            sequence=head.sequence + 1,
            time=self._now(),
            user=who.user,
            token=who.token,
            session=who.session,
            address=who.address,
            operation=who.operation,
            request=who.request,
            outcome=note.outcome,
            error=note.error,
            things=things[:_MOST_THINGS],
            omitted=max(len(things) - _MOST_THINGS, 0),
            changes={**self._changes, **note.changes},
            count=note.count,
        )
        content = content_of(entry)
        digest = hash_after(head.hash, content)
        await self._inner.run(_ADD, _row(entry, content, digest))
        for identifier in identifiers_of(entry):
            await self._inner.run(_ADD_THING, {"thing": identifier, "sequence": entry.sequence})
        await move_link(self._inner, HEAD, AuditLink(entry.sequence, digest))


def _row(entry: AuditEntry, content: str, digest: str) -> dict[str, Any]:
    return index_of(entry) | {"sequence": entry.sequence, "time": entry.time, "content": content, "hash": digest}
