"""Implements contentlib.library: finds libraries, with all that a table shows of them.

A service of our own: upstream lists identifiers, and returns one library at a time.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.visibility import Visibility
from contentlib.library.catalog.finding import Finder
from contentlib.library.model import Following, LibraryLine, LibraryQuery, SortKey
from contentlib.structures.library import LibraryType
from contentlib.structures.privileges import READ
from contentlib.structures.queries import Label, LabelFilter, SortOrder, labels_of, wanted_labels
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import InvalidArgument
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Structure, enumeration

_PREFIX = "contentlib.library"


@enumeration(f"{_PREFIX}.sync_state")
class SyncState(Enumeration):
    """How the last synchronization of a subscribed library ended. NEVER means that there was none."""

    NEVER = "NEVER"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class LibraryQuerySpec(Structure):
    """Selects libraries. All that is set must hold.

    `text` are up to eight words, each the beginning of a word of the name, the description, the notes, the labels or the name
    of a tag. `size` is that of the page, 50 if it is unset and at most 200.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.query_spec"
    descending: bool | None = None
    labels: builtins.list[LabelFilter] | None = None
    marker: str | None = None
    published: bool | None = None
    size: Integer | None = None
    sort: SortOrder | None = None
    storage: Id | None = None
    text: str | None = None
    type: LibraryType | None = None


class LibraryRow(Structure):
    """A library. `items` are counted without those in the trash.

    `bytes` are those of all kept content versions, also in the trash. `unique_bytes` count content that several files share
    once; they are unset if the libraries on the page have more than 20,000 items together. A subscribed library has a
    `sync_state` and, if its last synchronization failed, a `sync_error`. `subscribers` are those who have read it. `roles` are
    those that the caller's permissions give; an API token can allow less.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.row"
    bytes: Integer
    created: DateTime
    description: str
    id: Id
    items: Integer
    labels: builtins.list[Label]
    modified: DateTime
    name: str
    notes: str
    published: bool
    roles: builtins.list[str]
    storage: Id
    subscribers: Integer
    type: LibraryType
    version: str
    maintenance: str | None = None
    sync_error: str | None = None
    sync_state: SyncState | None = None
    synchronized: DateTime | None = None
    unique_bytes: Integer | None = None


class LibraryQueryResult(Structure):
    """A page of libraries. With its `marker`, the next page is queried; the last page has none."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.query_result"
    libraries: builtins.list[LibraryRow]
    marker: str | None = None


class LibraryQueryService(Service):
    """Libraries that the caller may read."""

    vapi_id = _PREFIX

    def __init__(self, finder: Finder, visibility: Visibility) -> None:
        self._finder = finder
        self._visibility = visibility

    @operation(
        Route("POST", "/api/contentlib/library", {"action": "query"}, body="spec"),
        errors=(InvalidArgument,),
        privileges=(READ,),
    )
    async def query(self, call: Call, spec: LibraryQuerySpec) -> LibraryQueryResult:
        """Finds libraries that the caller may read, without those in the trash."""
        wanted = LibraryQuery(
            seen=await self._visibility.of(call),
            labels=wanted_labels(spec.labels),
            sort=SortKey(spec.sort or SortOrder.NAME),
            descending=bool(spec.descending),
            type=spec.type,
            storage=spec.storage,
            published=spec.published,
        )
        lines, marker = await self._finder.libraries(wanted, spec.text, spec.marker, spec.size)
        roles = await self._visibility.roles(call, [line.library.id for line in lines])
        return LibraryQueryResult(libraries=[_row(line, roles[line.library.id]) for line in lines], marker=marker)


def _row(line: LibraryLine, roles: builtins.list[str]) -> LibraryRow:
    library, following = line.library, line.library.following
    synced = None if following is None else following.synced
    return LibraryRow(
        bytes=line.held,
        created=DateTime(library.created),
        description=library.description,
        id=library.id,
        items=line.items,
        labels=labels_of(line.annotation),
        maintenance=None if library.maintenance is None else library.maintenance.reason,
        modified=DateTime(library.modified),
        name=library.name,
        notes=line.annotation.notes,
        published=library.publishing.published,
        roles=roles,
        storage=library.storage,
        subscribers=line.subscribers,
        sync_error=None if following is None or following.fault is None else following.fault.text,
        sync_state=None if library.subscription is None else _state(following),
        synchronized=None if synced is None else DateTime(synced),
        type=LibraryType(library.type.value),
        unique_bytes=line.unique,
        version=str(library.version),
    )


def _state(following: Following | None) -> SyncState:
    if following is not None and following.fault is not None:
        return SyncState.FAILED
    return SyncState.NEVER if following is None or following.synced is None else SyncState.SUCCEEDED
