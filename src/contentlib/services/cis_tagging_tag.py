"""Implements com.vmware.cis.tagging.tag: tags."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library.tagging.tags import NewTag, TagChange, Tags
from contentlib.structures.privileges import READ, on_category, on_tag
from contentlib.structures.tagging import PREFIX, TagModel
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, NotFound, Unauthenticated, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PATH = "/api/cis/tagging/tag"
_TAG = f"{_PATH}/{{tag_id}}"
_FINDING = (NotFound, Unauthorized)
_RIGHT = "InventoryService.Tagging."


class CreateSpec(Structure):
    """A new tag. `tag_id` has the form `urn:vmomi:InventoryServiceTag:UUID:GLOBAL`; unset, it is generated."""

    vapi_name: ClassVar[str] = f"{PREFIX}.tag.create_spec"
    name: str
    description: str
    category_id: Id
    tag_id: Id | None = None


class UpdateSpec(Structure):
    """Changes of a tag; unset fields keep their values."""

    vapi_name: ClassVar[str] = f"{PREFIX}.tag.update_spec"
    name: str | None = None
    description: str | None = None


class TagService(Service):
    """Tags. A tag belongs to a category, in which its name is unique."""

    vapi_id = f"{PREFIX}.tag"

    def __init__(self, tags: Tags) -> None:
        self._tags = tags

    @operation(
        Route("POST", _PATH, body="create_spec", status=201),
        errors=(AlreadyExists, InvalidArgument, *_FINDING),
        privileges=(on_category(f"{_RIGHT}CreateTag", "create_spec.category_id"),),
    )
    async def create(self, call: Call, create_spec: CreateSpec) -> Id:
        """Creates a tag in a category and returns its identifier."""
        new = NewTag(create_spec.name, create_spec.description, create_spec.category_id, create_spec.tag_id)
        return await self._tags.create(new)

    @operation(Route("GET", _TAG), errors=_FINDING, privileges=(on_tag("System.Read"),))
    async def get(self, call: Call, tag_id: Id) -> TagModel:
        """Returns a tag."""
        found, users = await self._tags.get(tag_id)
        return TagModel(
            id=found.id, category_id=found.category, name=found.name, description=found.description, used_by=set(users)
        )

    @operation(
        Route("PATCH", _TAG, body="update_spec", status=204),
        errors=(AlreadyExists, InvalidArgument, *_FINDING),
        privileges=(on_tag(f"{_RIGHT}EditTag"),),
    )
    async def update(self, call: Call, tag_id: Id, update_spec: UpdateSpec) -> None:
        """Changes the name or the description of a tag."""
        await self._tags.update(tag_id, TagChange(update_spec.name, update_spec.description))

    @operation(
        Route("DELETE", _TAG, status=204),
        errors=(*_FINDING, Unauthenticated),
        privileges=(on_tag(f"{_RIGHT}DeleteTag"),),
    )
    async def delete(self, call: Call, tag_id: Id) -> None:
        """Deletes a tag and detaches it from all objects."""
        await self._tags.delete(tag_id)

    @operation(Route("GET", _PATH), privileges=(READ,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the identifiers of all tags, in order of creation."""
        return await self._tags.all()

    @operation(Route("POST", _PATH, {"action": "list-used-tags"}), privileges=(READ,))
    async def list_used_tags(self, call: Call, used_by_entity: str) -> builtins.list[Id]:
        """Lists the identifiers of the tags that an entity uses, in order of creation."""
        return await self._tags.used_by(used_by_entity)

    @operation(
        Route("POST", _PATH, {"action": "list-tags-for-category"}),
        errors=_FINDING,
        privileges=(on_category("System.Read"),),
    )
    async def list_tags_for_category(self, call: Call, category_id: Id) -> builtins.list[Id]:
        """Lists the identifiers of the tags of a category, in order of creation."""
        return await self._tags.of(category_id)

    @operation(
        Route("POST", _TAG, {"action": "add-to-used-by"}, status=204),
        errors=_FINDING,
        privileges=(on_tag(f"{_RIGHT}ModifyUsedByForTag"),),
    )
    async def add_to_used_by(self, call: Call, tag_id: Id, used_by_entity: str) -> None:
        """Adds an entity to the users of a tag; a second time has no effect."""
        await self._tags.add_user(tag_id, used_by_entity)

    @operation(
        Route("POST", _TAG, {"action": "remove-from-used-by"}, status=204),
        errors=_FINDING,
        privileges=(on_tag(f"{_RIGHT}ModifyUsedByForTag"),),
    )
    async def remove_from_used_by(self, call: Call, tag_id: Id, used_by_entity: str) -> None:
        """Removes an entity from the users of a tag; a second time has no effect."""
        await self._tags.remove_user(tag_id, used_by_entity)

    @operation(
        Route("POST", _TAG, {"action": "revoke-propagating-permissions"}, status=204),
        errors=_FINDING,
        privileges=(on_tag(f"{_RIGHT}EditTag"),),
    )
    async def revoke_propagating_permissions(self, call: Call, tag_id: Id) -> None:
        """Checks that a tag exists. Permissions do not propagate to tags, so none are revoked."""
        await self._tags.check(tag_id)
