"""Reads the audit log for a caller: all of it with the privilege to view it, else the entries about libraries of their own."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from contentlib.access import messages
from contentlib.access.gate import AccessGate
from contentlib.access.rights import Rights
from contentlib.access.roles import ADMINISTERING, VIEW_AUDIT
from contentlib.library.audit_chain import Chain, ChainBroken, entry_of, identifiers_of
from contentlib.library.errors import Invalid
from contentlib.library.model import AuditEntry, AuditFilter, AuditLink, AuditThing
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.vapi.registry import Call

MOST, USUAL = 1000, 100
VERIFIED = 10_000
"""How many entries are verified by a call, so that none takes long."""
_LONGEST_MARKER = 18
_PAGE = 500


class VerifiedPart(Struct, frozen=True):
    """How far the chain of entries was verified. `end` is whether nothing follows, `broken` what is wrong, if anything is."""

    link: AuditLink
    count: int
    end: bool
    broken: ChainBroken | None = None


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

    async def verify(self, start: AuditLink | None, kept: AuditLink | None) -> VerifiedPart:
        """Verifies the next entries from a link on, or from the oldest ones that are kept."""
        async with self._metadata.reading() as transaction:
            return await chain_from(transaction, start, kept, VERIFIED)

    async def head(self) -> AuditLink:
        """The place of the newest entry."""
        async with self._metadata.reading() as transaction:
            return await transaction.audit.head()


async def chain_from(
    transaction: Transaction, start: AuditLink | None, kept: AuditLink | None, most: int | None
) -> VerifiedPart:
    """Follows the chain for at most so many entries. Entries before `start` may have expired since it was verified."""
    anchor = await transaction.audit.anchor()
    first = anchor if start is None or start.sequence < anchor.sequence else start
    chain, end = Chain(first, kept), False
    try:
        while most is None or chain.link.sequence - first.sequence < most:
            records = await transaction.audit.after(chain.link.sequence, _PAGE)
            if not records:
                chain.end(await transaction.audit.head())
                end = True
                break
            chain.follow(records)
    except ChainBroken as error:
        return VerifiedPart(chain.link, chain.link.sequence - first.sequence, end=True, broken=error)
    return VerifiedPart(chain.link, chain.link.sequence - first.sequence, end)


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
