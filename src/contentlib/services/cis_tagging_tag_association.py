"""Implements com.vmware.cis.tagging.tag_association: attachments of tags to objects."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import ClassVar

from contentlib.access.gate import AccessGate
from contentlib.access.roles import ATTACH_TAG
from contentlib.library.errors import Fault
from contentlib.library.model import Need, TaggedObject
from contentlib.library.tagging.attachments import Attachments, check_count, in_turns
from contentlib.structures.privileges import ITEM, LIBRARY, READ, on_tag
from contentlib.structures.tagging import PREFIX
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotFound, Unauthenticated, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.std import DynamicId, LocalizableMessage, message
from contentlib.vapi.types import Id, Structure

_PATH = "/api/cis/tagging/tag-association"
_TAG = f"{_PATH}/{{tag_id}}"
_ALWAYS = (Unauthorized, Unauthenticated)
_IN_LIBRARIES = (LIBRARY, ITEM)


class BatchResult(Structure):
    """Result of a batch: whether all succeeded, and the reasons of the failures."""

    vapi_name: ClassVar[str] = f"{PREFIX}.tag_association.batch_result"
    success: bool
    error_messages: list[LocalizableMessage]


class TagToObjects(Structure):
    """A tag, and the objects that have it."""

    vapi_name: ClassVar[str] = f"{PREFIX}.tag_association.tag_to_objects"
    tag_id: Id
    object_ids: list[DynamicId]


class ObjectToTags(Structure):
    """An object, and the tags that it has."""

    vapi_name: ClassVar[str] = f"{PREFIX}.tag_association.object_to_tags"
    object_id: DynamicId
    tag_ids: list[Id]


class TagAssociationService(Service):
    """Attaches tags to libraries, library items, and the objects of the inventory, and finds them.

    The type of an object is `com.vmware.content.Library`, `com.vmware.content.library.Item`, `Datacenter`, `Datastore` or
    `Folder`. Attaching and detaching needs the privilege `InventoryService.Tagging.AttachTag` on the library of the object, or
    on everything if it is in none. What is in the trash has no tags until it is restored. A call takes up to 2,000 tags or
    objects.
    """

    vapi_id = f"{PREFIX}.tag_association"

    def __init__(self, attachments: Attachments, gate: AccessGate) -> None:
        self._attachments = attachments
        self._gate = gate

    @operation(
        Route("POST", _TAG, {"action": "attach"}, status=204),
        errors=(NotFound, InvalidArgument, *_ALWAYS),
        privileges=(on_tag(ATTACH_TAG), READ),
    )
    async def attach(self, call: Call, tag_id: Id, object_id: DynamicId) -> None:
        """Attaches a tag to an object, if its category allows it. A second time has no effect."""
        await self._demand(call, "attach", [object_id])
        await self._attachments.attach(tag_id, _target(object_id))

    @operation(
        Route("POST", _PATH, {"action": "attach-multiple-tags-to-object"}),
        errors=_ALWAYS,
        privileges=(READ, Privilege(ATTACH_TAG)),
    )
    async def attach_multiple_tags_to_object(self, call: Call, object_id: DynamicId, tag_ids: builtins.list[Id]) -> BatchResult:
        """Attaches tags to an object. The result lists the failures."""
        await self._demand(call, "attach_multiple_tags_to_object", [object_id])
        return _result(await self._attachments.attach_many(tag_ids, _target(object_id)))

    @operation(
        Route("POST", _TAG, {"action": "attach-tag-to-multiple-objects"}),
        errors=(NotFound, *_ALWAYS),
        privileges=(on_tag(ATTACH_TAG), READ),
    )
    async def attach_tag_to_multiple_objects(self, call: Call, tag_id: Id, object_ids: builtins.list[DynamicId]) -> BatchResult:
        """Attaches a tag to objects. The result lists the failures."""
        await self._demand(call, "attach_tag_to_multiple_objects", object_ids)
        return _result(await self._attachments.attach_to_many(tag_id, [*map(_target, object_ids)]))

    @operation(
        Route("POST", _TAG, {"action": "detach"}, status=204),
        errors=(NotFound, *_ALWAYS),
        privileges=(on_tag(ATTACH_TAG), READ),
    )
    async def detach(self, call: Call, tag_id: Id, object_id: DynamicId) -> None:
        """Detaches a tag from an object. A second time has no effect."""
        await self._demand(call, "detach", [object_id])
        await self._attachments.detach(tag_id, _target(object_id))

    @operation(
        Route("POST", _PATH, {"action": "detach-multiple-tags-from-object"}),
        errors=_ALWAYS,
        privileges=(READ, Privilege(ATTACH_TAG)),
    )
    async def detach_multiple_tags_from_object(
        self, call: Call, object_id: DynamicId, tag_ids: builtins.list[Id]
    ) -> BatchResult:
        """Detaches tags from an object. The result lists unknown tags."""
        await self._demand(call, "detach_multiple_tags_from_object", [object_id])
        return _result(await self._attachments.detach_many(tag_ids, _target(object_id)))

    @operation(
        Route("POST", _TAG, {"action": "detach-tag-from-multiple-objects"}),
        errors=(NotFound, *_ALWAYS),
        privileges=(on_tag(ATTACH_TAG), READ),
    )
    async def detach_tag_from_multiple_objects(
        self, call: Call, tag_id: Id, object_ids: builtins.list[DynamicId]
    ) -> BatchResult:
        """Detaches a tag from objects."""
        await self._demand(call, "detach_tag_from_multiple_objects", object_ids)
        await self._attachments.detach_from_many(tag_id, [*map(_target, object_ids)])
        return _result([])

    @operation(
        Route("POST", _TAG, {"action": "list-attached-objects"}),
        errors=(NotFound, *_ALWAYS),
        privileges=(on_tag("System.Read"),),
    )
    async def list_attached_objects(self, call: Call, tag_id: Id) -> builtins.list[DynamicId]:
        """Lists the objects that have a tag and that the caller may read, in the order in which it was attached."""
        found = await self._attachments.targets(tag_id)
        seen = await self._visible(call, found)
        return [_object(each) for each in found if each in seen]

    @operation(Route("POST", _PATH, {"action": "list-attached-objects-on-tags"}), errors=(Unauthenticated,), privileges=(READ,))
    async def list_attached_objects_on_tags(self, call: Call, tag_ids: builtins.list[Id]) -> builtins.list[TagToObjects]:
        """Lists for each tag the objects that have it and that the caller may read; none for an unknown tag."""
        found = await self._attachments.targets_of_each(tag_ids)
        seen = await self._visible(call, chain.from_iterable(found))
        return [
            TagToObjects(tag_id=tag, object_ids=[_object(each) for each in targets if each in seen])
            for tag, targets in zip(tag_ids, found, strict=True)
        ]

    @operation(Route("POST", _PATH, {"action": "list-attached-tags"}), errors=_ALWAYS, privileges=(READ,))
    async def list_attached_tags(self, call: Call, object_id: DynamicId) -> builtins.list[Id]:
        """Lists the tags of an object, in the order in which they were attached; none if the caller cannot read it."""
        (tags,) = await self._tags_of_each(call, [_target(object_id)])
        return tags

    @operation(Route("POST", _PATH, {"action": "list-attached-tags-on-objects"}), errors=(Unauthenticated,), privileges=(READ,))
    async def list_attached_tags_on_objects(
        self, call: Call, object_ids: builtins.list[DynamicId]
    ) -> builtins.list[ObjectToTags]:
        """Lists for each object its tags; none for one that the caller cannot read."""
        found = await self._tags_of_each(call, [*map(_target, object_ids)])
        return [ObjectToTags(object_id=each, tag_ids=tags) for each, tags in zip(object_ids, found, strict=True)]

    @operation(Route("POST", _PATH, {"action": "list-attachable-tags"}), errors=_ALWAYS, privileges=(READ,))
    async def list_attachable_tags(self, call: Call, object_id: DynamicId) -> builtins.list[Id]:
        """Lists the tags that could be attached to an object, in order of creation; none if the caller cannot read it."""
        target = _target(object_id)
        return await self._attachments.attachable(target) if await self._visible(call, [target]) else []

    async def _demand(self, call: Call, operation: str, object_ids: Sequence[DynamicId]) -> None:
        """Raises Missing or Unauthorized unless the caller may change the tags of all objects."""
        check_count("object_ids", object_ids)
        async for target in in_turns([*map(_target, object_ids)]):
            for need in _needs(target):
                await self._gate.demand(call, need, f"{self.vapi_id}.{operation}")

    async def _tags_of_each(self, call: Call, targets: Sequence[TaggedObject]) -> builtins.list[builtins.list[Id]]:
        found = await self._attachments.tags_of_each(targets)
        seen = await self._visible(call, targets)
        return [tags if target in seen else [] for target, tags in zip(targets, found, strict=True)]

    async def _visible(self, call: Call, targets: Iterable[TaggedObject]) -> set[TaggedObject]:
        """Returns the objects that the caller may read; those of the inventory can be read by all who may read tags."""
        seen, by_type = set(), defaultdict[str, set[str]](set)
        for target in targets:
            if target.type in _IN_LIBRARIES:
                by_type[target.type].add(target.id)
            else:
                seen.add(target)
        for kind, things in by_type.items():
            seen |= {TaggedObject(kind, thing) for thing in await self._gate.visible(call, kind, [*things])}
        return seen


def _needs(target: TaggedObject) -> Iterable[Need]:
    """What a call needs that changes the tags of an object: on its library, or on everything if it is in none."""
    if target.type not in _IN_LIBRARIES:
        return [Need(ATTACH_TAG, LIBRARY)]
    return [Need(privilege, target.type, target.id) for privilege in (READ.name, ATTACH_TAG)]


def _target(object_id: DynamicId) -> TaggedObject:
    return TaggedObject(object_id.type, object_id.id)


def _object(target: TaggedObject) -> DynamicId:
    return DynamicId(id=target.id, type=target.type)


def _result(faults: Iterable[Fault]) -> BatchResult:
    messages = [*map(message, faults)]
    return BatchResult(success=not messages, error_messages=messages)
