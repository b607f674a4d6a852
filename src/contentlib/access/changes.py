"""Tells callers what has changed since they last asked: of the audit log, what is about things that they may see."""

from __future__ import annotations

from dataclasses import dataclass

from contentlib.access import messages
from contentlib.access.gate import AccessGate
from contentlib.access.rights import Rights
from contentlib.access.roles import VIEW_AUDIT
from contentlib.access.visibility import seen_by
from contentlib.library.audit_chain import entry_of
from contentlib.library.errors import Invalid
from contentlib.library.model import AuditEntry, AuditRecord, AuditThing, Outcome, SeenLibraries
from contentlib.library.ports import MetadataStore
from contentlib.vapi.registry import Call

MOST_READ = 500
"""Entries of the log that one call reads."""
_FOR_ALL = frozenset({"tag", "category"})
_LONGEST_CURSOR = 18


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """A change: when, by which operation, and of what. The user is told to those who may view the log, and of their own."""

    time: int
    operation: str
    user: str
    things: tuple[AuditThing, ...]


@dataclass(frozen=True, slots=True)
class ChangeEvents:
    """The next changes and where they end; `lost` are changes that are not in the log any more, `more` follow at once."""

    events: list[ChangeEvent]
    cursor: str
    more: bool = False
    lost: bool = False


class Changes:
    """The changes of what callers may see."""

    def __init__(self, metadata: MetadataStore, gate: AccessGate) -> None:
        self._metadata = metadata
        self._gate = gate

    async def after(self, call: Call, cursor: str | None) -> ChangeEvents:
        """The changes after a cursor; without one, none, and the cursor of the present."""
        number = None if cursor is None else _number(cursor)
        rights = await self._gate.rights(call)
        async with self._metadata.reading() as transaction:
            head = (await transaction.audit.head()).sequence
            if number is None or number == head:
                return ChangeEvents([], str(head))
            if number > head or number < (await transaction.audit.anchor()).sequence:
                return ChangeEvents([], str(head), lost=True)
            records = await transaction.audit.after(number, MOST_READ)
        last = records[-1].link.sequence if records else head
        return ChangeEvents(_events(records, rights, call.user), str(last), more=last < head)


def _events(records: list[AuditRecord], rights: Rights, user: str) -> list[ChangeEvent]:
    seen, total = seen_by(rights), rights.has(VIEW_AUDIT)
    found = []
    for entry in (entry_of(record.content) for record in records if record.outcome == Outcome.SUCCEEDED):
        own = total or entry.user == user
        things = _visible(entry, seen, own=own)
        if things:
            found.append(ChangeEvent(entry.time, entry.operation, entry.user if own else "", things))
    return found


def _visible(entry: AuditEntry, seen: SeenLibraries, *, own: bool) -> tuple[AuditThing, ...]:
    """The things of an entry that a caller may see. One in no library is, if it is the caller's own or in a visible change."""
    shown = {each for each in entry.things if _is_located(each) and seen.has(_library(each))}
    hidden = any(_is_located(each) and each not in shown for each in entry.things)
    loose = own or (bool(shown) and not hidden)
    return tuple(each for each in entry.things if each in shown or (not _is_located(each) and (loose or each.type in _FOR_ALL)))


def _is_located(thing: AuditThing) -> bool:
    return bool(_library(thing))


def _library(thing: AuditThing) -> str:
    return thing.id if thing.type == "library" else thing.library


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _LONGEST_CURSOR):
        raise Invalid(messages.EVENT_CURSOR(field="after", given=cursor[:_LONGEST_CURSOR]))
    return int(cursor)
