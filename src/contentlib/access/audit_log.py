"""Reads the audit log for a caller: all of it with the privilege to view it, else the entries about libraries of their own."""

from __future__ import annotations

from msgspec.structs import replace

from contentlib.access import messages
from contentlib.access.gate import AccessGate
from contentlib.access.rights import Rights
from contentlib.access.roles import ADMINISTERING, VIEW_AUDIT
from contentlib.library.audit_chain import entry_of, identifiers_of
from contentlib.library.errors import Invalid
from contentlib.library.model import AuditEntry, AuditFilter, AuditLink, AuditThing
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.vapi.registry import Call

MOST, USUAL = 1000, 100
_LONGEST_MARKER = 18


class AuditLog:
    """The audit log as callers may see it."""

    def __init__(self, metadata: MetadataStore, gate: AccessGate) -> None:
        self._metadata = metadata
        self._gate = gate

    async def find(
        self, call: Call, wanted: AuditFilter, marker: str | None, size: int | None
    ) -> tuple[list[tuple[AuditEntry, str]], str | None]:
        """A page of entries with their hashes, newest first, and the marker of the next page."""
        before, most = _before(marker), _size(size)
        rights = await self._gate.rights(call)
        async with self._metadata.reading() as transaction:
            seen = None if rights.has(VIEW_AUDIT) else await _libraries(transaction, rights)
            if seen is not None:
                wanted = replace(wanted, within=tuple(sorted(seen)))
            records = await transaction.audit.find(wanted, before, most + 1)
        page = [(_sifted(entry_of(each.content), seen), each.link.hash) for each in records[:most]]
        asked = set(wanted.things or ())  # a caller may not find out that an entry is about a thing in another library
        shown = [(entry, digest) for entry, digest in page if seen is None or asked <= {*identifiers_of(entry)}]
        return shown, str(page[-1][0].sequence) if len(records) > most else None

    async def head(self) -> AuditLink:
        """The place of the newest entry."""
        async with self._metadata.reading() as transaction:
            return await transaction.audit.head()


async def _libraries(transaction: Transaction, rights: Rights) -> set[str]:
    """The libraries that a user administers; those that were deleted for good are not among them."""
    known = await transaction.libraries.find()
    return {each for each in known if rights.has(ADMINISTERING, each) or rights.has(VIEW_AUDIT, each)}


def _sifted(entry: AuditEntry, seen: set[str] | None) -> AuditEntry:
    """An entry without the things in libraries that are not `seen`."""
    if seen is None:
        return entry
    return replace(entry, things=tuple(each for each in entry.things if _library(each) in {"", *seen}))


def _library(thing: AuditThing) -> str:
    return thing.id if thing.type == "library" else thing.library


def _before(marker: str | None) -> int | None:
    if marker is None:
        return None
    if not (marker.isascii() and marker.isdigit() and len(marker) <= _LONGEST_MARKER):
        raise Invalid(messages.AUDIT_MARKER(field="marker", given=marker[:_LONGEST_MARKER]))
    return int(marker)


def _size(size: int | None) -> int:
    if size is None:
        return USUAL
    if not 1 <= size <= MOST:
        raise Invalid(messages.AUDIT_SIZE(field="size", given=size, most=MOST))
    return size
