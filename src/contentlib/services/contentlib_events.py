"""Implements contentlib.events: what has changed since a caller last asked.

A service of our own: upstream writes events to the inventory.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.changes import ChangeEvent, Changes
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import InvalidArgument
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Id, Structure

_PREFIX = "contentlib.events"


class ChangedThing(Structure):
    """What was changed or created, or has gone, with its name at that time and the library that it belongs to."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.thing"
    id: str
    type: str
    library: Id | None = None
    name: str | None = None


class Event(Structure):
    """A change; the time is in UTC. `operation` is empty if the server made it by itself.

    `user` is set for the caller's own changes, and for callers with the privilege to view the audit log.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.event"
    operation: str
    things: builtins.list[ChangedThing]
    time: DateTime
    user: Id | None = None


class EventList(Structure):
    """Changes, oldest first, and the `cursor` to be sent next time. If there are `more`, they can be listed at once.

    After changes that were `lost`, because the audit log keeps no entries that old, all that is shown must be read again.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.event_list"
    cursor: str
    events: builtins.list[Event]
    lost: bool
    more: bool


class EventsService(Service):
    """Changes of what the caller may see, for a page that stays current."""

    vapi_id = _PREFIX

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    @operation(Route("GET", "/api/contentlib/events"), errors=(InvalidArgument,), privileges=(READ,))
    async def list(self, call: Call, after: str | None) -> EventList:
        """Lists the changes after a cursor. Without one, it lists none and returns the cursor of the present."""
        found = await self._changes.after(call, after)
        return EventList(cursor=found.cursor, events=[_event(each) for each in found.events], lost=found.lost, more=found.more)


def _event(event: ChangeEvent) -> Event:
    return Event(
        operation=event.operation,
        things=[ChangedThing(id=e.id, library=e.library or None, name=e.name or None, type=e.type) for e in event.things],
        time=DateTime(event.time),
        user=event.user or None,
    )
