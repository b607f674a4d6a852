"""Implements contentlib.access.audit: what was changed, and by whom.

A service of our own: upstream writes events to the inventory.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.audit_log import AuditLog
from contentlib.access.roles import VIEW_AUDIT
from contentlib.library import model
from contentlib.structures.privileges import VIEW
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Structure, enumeration

_PREFIX = "contentlib.access.audit"
_PATH = "/api/contentlib/access/audit"


@enumeration(f"{_PREFIX}.outcome")
class Outcome(Enumeration):
    """How an operation ended. REFUSED means that the caller was not allowed to call it."""

    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


class FilterSpec(Structure):
    """Selects entries. A time `until` is not included; `operation` is the start of an operation's identifier."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.filter_spec"
    library: Id | None = None
    library_item: Id | None = None
    operation: str | None = None
    outcome: Outcome | None = None
    since: DateTime | None = None
    until: DateTime | None = None
    user: Id | None = None


class NamedThing(Structure):
    """A thing that an entry is about, with its name at that time and the library that it belongs to."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.thing"
    id: str
    type: str
    library: Id | None = None
    name: str | None = None


class Info(Structure):
    """An entry; the time is in UTC. It stands for `count` calls.

    `token` is the API token of the call, `session` the login session. An entry without a user is of a stranger, if it has an
    address, or else of the server itself. `omitted` things did not fit into the entry.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    count: Integer
    hash: str
    omitted: Integer
    operation: str
    outcome: Outcome
    sequence: Integer
    things: builtins.list[NamedThing]
    time: DateTime
    address: str | None = None
    error: str | None = None
    request: str | None = None
    session: Id | None = None
    token: Id | None = None
    user: Id | None = None


class ListResult(Structure):
    """A page of entries. With its `marker`, the next page is listed; the last page has none."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.list_result"
    entries: builtins.list[Info]
    marker: str | None = None


class ChainHead(Structure):
    """The sequence number and the hash of the newest entry. An entry that is removed later no longer leads to them."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.chain_head"
    hash: str
    sequence: Integer


class VerifyResult(Structure):
    """How far the chain was verified: `count` entries up to `head`. If it is not `complete`, more entries follow.

    If the chain is broken, `broken` is the number of the first entry that is wrong, and `problem` says what is wrong.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.verify_result"
    complete: bool
    count: Integer
    head: ChainHead
    broken: Integer | None = None
    problem: str | None = None


class AuditService(Service):
    """The audit log."""

    vapi_id = _PREFIX

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    @operation(Route("GET", _PATH), errors=(InvalidArgument,), privileges=(VIEW,))
    async def list(
        self,
        call: Call,
        filter: FilterSpec | None,
        marker: str | None,
        size: Integer | None,
    ) -> ListResult:
        """Lists entries, newest first: all, or those about the libraries that the caller administers."""
        page, following = await self._log.find(call, _wanted(filter or FilterSpec()), marker, size)
        return ListResult(entries=[_info(entry, digest) for entry, digest in page], marker=following)

    @operation(Route("GET", f"{_PATH}/head"), privileges=(Privilege(VIEW_AUDIT),))
    async def head(self, call: Call) -> ChainHead:
        """Returns the head of the chain of entries, to be kept elsewhere."""
        return _head(await self._log.head())

    @operation(Route("POST", _PATH, {"action": "verify"}), privileges=(Privilege(VIEW_AUDIT),))
    async def verify(self, call: Call, kept: ChainHead | None, start: ChainHead | None) -> VerifyResult:
        """Verifies that no entry was removed, added or changed, from `start` on, up to 10,000 entries.

        Without `start`, it begins at the oldest entry. The `head` of a result is the `start` of the next call. `kept` is a head
        that was kept elsewhere, which the chain must still lead to.
        """
        found = await self._log.verify(_link(start), _link(kept))
        return VerifyResult(
            complete=found.end and found.broken is None,
            count=found.count,
            head=_head(found.link),
            broken=None if found.broken is None else found.broken.sequence,
            problem=None if found.broken is None else str(found.broken),
        )


def _head(link: model.AuditLink) -> ChainHead:
    return ChainHead(hash=link.hash, sequence=link.sequence)


def _link(head: ChainHead | None) -> model.AuditLink | None:
    return None if head is None else model.AuditLink(head.sequence, head.hash)


def _wanted(spec: FilterSpec) -> model.AuditFilter:
    things = tuple(each for each in (spec.library, spec.library_item) if each is not None)
    return model.AuditFilter(
        since=None if spec.since is None else spec.since.milliseconds,
        until=None if spec.until is None else spec.until.milliseconds,
        user=spec.user,
        operation=spec.operation,
        outcome=None if spec.outcome is None else model.Outcome(spec.outcome),
        things=things or None,
    )


def _info(entry: model.AuditEntry, digest: str) -> Info:
    return Info(
        address=entry.address or None,
        count=entry.count,
        error=entry.error or None,
        hash=digest,
        omitted=entry.omitted,
        operation=entry.operation,
        outcome=Outcome(entry.outcome),
        request=entry.request or None,
        sequence=entry.sequence,
        session=entry.session or None,
        things=[NamedThing(id=e.id, library=e.library or None, name=e.name or None, type=e.type) for e in entry.things],
        time=DateTime(entry.time),
        token=entry.token or None,
        user=entry.user or None,
    )
