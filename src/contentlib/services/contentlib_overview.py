"""Implements contentlib.overview: what is here, and what needs attention.

A service of our own: upstream has none.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.overview import Concern, ExpiryDate, Overview, StorageFigures
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Id, Integer, Structure

_PREFIX = "contentlib.overview"


class StorageSummary(Structure):
    """A storage: the space of its file system and, for callers who may read everything, the content on it.

    `content_bytes` count each content once; `grown_bytes` of them came in the last 30 days. They are up to a minute old.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.storage"
    accessible: bool
    capacity_bytes: Integer
    free_bytes: Integer
    id: Id
    name: str
    used_bytes: Integer
    content_bytes: Integer | None = None
    grown_bytes: Integer | None = None


class ExpiringThing(Structure):
    """A certificate or an API token that expires within 30 days, or has expired. The server's own certificate is `server`."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.expiring"
    expires: DateTime
    id: str
    name: str
    type: str


class AttentionNeeded(Structure):
    """Something to attend to: a sentence, and the type and identifier of what it is about."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.attention"
    id: str
    message: str
    type: str


class ServerOverview(Structure):
    """What is here, as far as the caller may read it.

    `tasks_failed` are those of the last 24 hours. `shared_bytes` are saved because equal content is stored once; it is set for
    callers who may read everything. `attention` has up to 100 entries.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    attention: builtins.list[AttentionNeeded]
    expiring: builtins.list[ExpiringThing]
    items: Integer
    libraries: Integer
    storages: builtins.list[StorageSummary]
    tasks_failed: Integer
    tasks_running: Integer
    shared_bytes: Integer | None = None


class OverviewService(Service):
    """The state of the server at a glance."""

    vapi_id = _PREFIX

    def __init__(self, overview: Overview) -> None:
        self._overview = overview

    @operation(Route("GET", "/api/contentlib/overview"), privileges=(READ,))
    async def get(self, call: Call) -> ServerOverview:
        """Returns counts, storages, tasks, what expires, and what needs attention."""
        found = await self._overview.of(call)
        return ServerOverview(
            attention=[_attention(each) for each in found.concerns],
            expiring=[_expiring(each) for each in found.expiring],
            items=found.items,
            libraries=found.libraries,
            shared_bytes=found.shared,
            storages=[_storage(each) for each in found.storages],
            tasks_failed=found.failed,
            tasks_running=found.running,
        )


def _attention(concern: Concern) -> AttentionNeeded:
    return AttentionNeeded(id=concern.id, message=concern.fault.text, type=concern.type)


def _expiring(each: ExpiryDate) -> ExpiringThing:
    return ExpiringThing(expires=DateTime(each.time), id=each.id, name=each.name, type=each.type)


def _storage(each: StorageFigures) -> StorageSummary:
    return StorageSummary(
        accessible=each.space.accessible,
        capacity_bytes=each.space.capacity,
        content_bytes=None if each.content is None else each.content.bytes,
        free_bytes=each.space.free,
        grown_bytes=None if each.content is None else each.content.new,
        id=each.id,
        name=each.name,
        used_bytes=each.space.capacity - each.space.free,
    )
