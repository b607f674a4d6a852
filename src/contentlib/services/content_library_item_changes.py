"""Implements com.vmware.content.library.item.changes: the change history of items."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.catalog.history import History
from contentlib.structures.privileges import on_item
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import Error, NotFound, Unauthenticated, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Id, Structure

_PREFIX = "com.vmware.content.library.item.changes"
_PATH = "/api/content/library/item/{library_item}/changes"
_REST = "/rest/content/library/item/{library_item}/changes"
_ERRORS = (Error, NotFound, Unauthenticated, Unauthorized)
_SHORT = 80
_TOLD = 5  # names of files in a message
_PRIVILEGES = (on_item("System.Read", "library_item"),)


class ChangeInfo(Structure):
    """A change of an item's content. The time is in UTC."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    time: DateTime
    message: str | None = None
    user: str | None = None


class ChangeSummary(Structure):
    """A change of an item's content and the resulting content version. The time is in UTC.

    `short_message` is the first line of the message, shortened to 80 characters.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.summary"
    time: DateTime
    version: Id
    short_message: str | None = None
    user: str | None = None


class ChangesService(Service):
    """The changes of items."""

    vapi_id = _PREFIX

    def __init__(self, history: History) -> None:
        self._history = history

    @operation(Route("GET", _PATH, rest=_REST), errors=_ERRORS, privileges=_PRIVILEGES)
    async def list(self, call: Call, library_item: Id) -> builtins.list[ChangeSummary]:
        """Lists the changes whose content is still kept, newest first."""
        versions = await self._history.versions(library_item)
        return [_summary(version) for version in reversed(versions)]

    @operation(Route("GET", f"{_PATH}/{{version}}", rest=f"{_REST}/{{version}}"), errors=_ERRORS, privileges=_PRIVILEGES)
    async def get(self, call: Call, library_item: Id, version: Id) -> ChangeInfo:
        """Returns the change that created a content version."""
        found = await self._history.version(library_item, version)
        return ChangeInfo(message=_message(found), time=DateTime(found.created), user=found.user or None)


def _summary(version: model.Version) -> ChangeSummary:
    return ChangeSummary(
        short_message=_short(_message(version)),
        time=DateTime(version.created),
        user=version.user or None,
        version=str(version.number),
    )


def _message(version: model.Version) -> str | None:
    """Returns the message of a version, or a list of its changed files if it has none."""
    if version.message or version.differences is None:
        return version.message or None
    found = version.differences
    done = [("added", found.added), ("changed", found.changed), ("removed", found.removed)]
    return "; ".join(f"{what}: {_some(names)}" for what, names in done if names) or None


def _short(text: str | None) -> str | None:
    """Returns the first line of a message, shortened for a summary."""
    return None if text is None else text.lstrip("\n").partition("\n")[0][:_SHORT]


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more
