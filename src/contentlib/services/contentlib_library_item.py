"""Implements contentlib.library.item: finds items, with all that a table shows of them.

A service of our own: upstream lists identifiers, and returns one item at a time.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.visibility import Visibility
from contentlib.library.catalog.finding import Finder
from contentlib.library.model import ItemLine, ItemQuery, SortKey
from contentlib.library.names import fold
from contentlib.structures.privileges import READ
from contentlib.structures.queries import Label, LabelFilter, SortOrder, labels_of, wanted_labels
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import InvalidArgument
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Id, Integer, Structure

_PREFIX = "contentlib.library.item"


class ItemQuerySpec(Structure):
    """Selects items. All that is set must hold.

    `text` are up to eight words, each the beginning of a word of the name, the description, the notes, the labels, the name of
    a file or the name of a tag. `size` is that of the page, 50 if it is unset and at most 200. A time `modified_until` is not
    included.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.query_spec"
    cached: bool | None = None
    descending: bool | None = None
    labels: builtins.list[LabelFilter] | None = None
    least_size: Integer | None = None
    library: Id | None = None
    marker: str | None = None
    modified_since: DateTime | None = None
    modified_until: DateTime | None = None
    size: Integer | None = None
    sort: SortOrder | None = None
    text: str | None = None
    type: str | None = None


class ItemRow(Structure):
    """An item. `created_by` and `modified_by` are the users who created it and its current content version.

    `usages` is the number of usages of its library. An item of a subscribed library that is not `cached` has no content here.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.row"
    cached: bool
    content_version: str
    created: DateTime
    description: str
    id: Id
    labels: builtins.list[Label]
    library_id: Id
    library_name: str
    modified: DateTime
    name: str
    notes: str
    signed: bool
    size: Integer
    type: str
    usages: Integer
    version: str
    created_by: Id | None = None
    modified_by: Id | None = None


class ItemQueryResult(Structure):
    """A page of items. With its `marker`, the next page is queried; the last page has none.

    A page can have fewer items than wanted and still a marker: a query looks at a limited number of items at a time.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.query_result"
    items: builtins.list[ItemRow]
    marker: str | None = None


class ItemQueryService(Service):
    """Items of all libraries that the caller may read."""

    vapi_id = _PREFIX

    def __init__(self, finder: Finder, visibility: Visibility) -> None:
        self._finder = finder
        self._visibility = visibility

    @operation(
        Route("POST", "/api/contentlib/library/item", {"action": "query"}, body="spec"),
        errors=(InvalidArgument,),
        privileges=(READ,),
    )
    async def query(self, call: Call, spec: ItemQuerySpec) -> ItemQueryResult:
        """Finds items of one library or of all that the caller may read, without those in the trash."""
        wanted = ItemQuery(
            seen=await self._visibility.of(call),
            labels=wanted_labels(spec.labels),
            sort=SortKey(spec.sort or SortOrder.NAME),
            descending=bool(spec.descending),
            library=spec.library,
            folded_type=None if spec.type is None else fold(spec.type),
            cached=spec.cached,
            since=None if spec.modified_since is None else spec.modified_since.milliseconds,
            until=None if spec.modified_until is None else spec.modified_until.milliseconds,
            least=spec.least_size,
        )
        lines, marker = await self._finder.items(wanted, spec.text, spec.marker, spec.size)
        return ItemQueryResult(items=[_row(line) for line in lines], marker=marker)


def _row(line: ItemLine) -> ItemRow:
    item = line.item
    return ItemRow(
        cached=item.cached,
        content_version=str(item.content_version),
        created=DateTime(item.created),
        created_by=item.user or None,
        description=item.description,
        id=item.id,
        labels=labels_of(line.annotation),
        library_id=item.library,
        library_name=line.library_name,
        modified=DateTime(item.modified),
        modified_by=line.user,
        name=item.name,
        notes=line.annotation.notes,
        signed=line.signature is not None,
        size=item.size,
        type=item.type,
        usages=line.usages,
        version=str(item.version),
    )
