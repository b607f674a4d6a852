"""Implements com.vmware.cis.tagging.category: categories of tags."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.tagging.categories import Categories, CategoryChange, NewCategory
from contentlib.structures.privileges import READ, on_category
from contentlib.structures.tagging import PREFIX, Cardinality, CategoryModel
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, NotFound, Unauthenticated, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PATH = "/api/cis/tagging/category"
_CATEGORY = f"{_PATH}/{{category_id}}"
_FINDING = (NotFound, Unauthorized)
_RIGHT = "InventoryService.Tagging."


class CreateSpec(Structure):
    """A new category. `category_id` has the form `urn:vmomi:InventoryServiceCategory:UUID:GLOBAL`; unset, it is generated."""

    vapi_name: ClassVar[str] = f"{PREFIX}.category.create_spec"
    name: str
    description: str
    cardinality: Cardinality
    associable_types: set[str]
    category_id: Id | None = None


class UpdateSpec(Structure):
    """Changes of a category; unset fields keep their values.

    `associable_types` must contain all types that the category has. MULTIPLE can become SINGLE if no object has two tags
    of the category.
    """

    vapi_name: ClassVar[str] = f"{PREFIX}.category.update_spec"
    name: str | None = None
    description: str | None = None
    cardinality: Cardinality | None = None
    associable_types: set[str] | None = None


class CategoryService(Service):
    """Categories of tags. A category says how many of its tags an object can have, and which types of objects."""

    vapi_id = f"{PREFIX}.category"

    def __init__(self, categories: Categories) -> None:
        self._categories = categories

    @operation(
        Route("POST", _PATH, body="create_spec", status=201),
        errors=(AlreadyExists, InvalidArgument, Unauthorized),
        privileges=(Privilege(f"{_RIGHT}CreateCategory"),),
    )
    async def create(self, call: Call, create_spec: CreateSpec) -> Id:
        """Creates a category and returns its identifier. The name must be unique."""
        new = NewCategory(
            create_spec.name,
            create_spec.description,
            model.Cardinality(create_spec.cardinality.value),
            create_spec.associable_types,
            create_spec.category_id,
        )
        return await self._categories.create(new)

    @operation(Route("GET", _CATEGORY), errors=_FINDING, privileges=(on_category("System.Read"),))
    async def get(self, call: Call, category_id: Id) -> CategoryModel:
        """Returns a category."""
        found, users = await self._categories.get(category_id)
        return CategoryModel(
            id=found.id,
            name=found.name,
            description=found.description,
            cardinality=Cardinality(found.cardinality.value),
            associable_types=set(found.types),
            used_by=set(users),
        )

    @operation(
        Route("PATCH", _CATEGORY, body="update_spec", status=204),
        errors=(AlreadyExists, InvalidArgument, *_FINDING),
        privileges=(on_category(f"{_RIGHT}EditCategory"),),
    )
    async def update(self, call: Call, category_id: Id, update_spec: UpdateSpec) -> None:
        """Changes a category. Types can be added, but not removed."""
        cardinality = update_spec.cardinality
        change = CategoryChange(
            update_spec.name,
            update_spec.description,
            None if cardinality is None else model.Cardinality(cardinality.value),
            update_spec.associable_types,
        )
        await self._categories.update(category_id, change)

    @operation(
        Route("DELETE", _CATEGORY, status=204),
        errors=(*_FINDING, Unauthenticated),
        privileges=(on_category(f"{_RIGHT}DeleteCategory"),),
    )
    async def delete(self, call: Call, category_id: Id) -> None:
        """Deletes a category with all of its tags, and detaches them from all objects."""
        await self._categories.delete(category_id)

    @operation(Route("GET", _PATH), privileges=(READ,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the identifiers of all categories, in order of creation."""
        return await self._categories.all()

    @operation(Route("POST", _PATH, {"action": "list-used-categories"}), privileges=(READ,))
    async def list_used_categories(self, call: Call, used_by_entity: str) -> builtins.list[Id]:
        """Lists the identifiers of the categories that an entity uses, in order of creation."""
        return await self._categories.used_by(used_by_entity)

    @operation(
        Route("POST", _CATEGORY, {"action": "add-to-used-by"}, status=204),
        errors=_FINDING,
        privileges=(on_category(f"{_RIGHT}ModifyUsedByForCategory"),),
    )
    async def add_to_used_by(self, call: Call, category_id: Id, used_by_entity: str) -> None:
        """Adds an entity to the users of a category; a second time has no effect."""
        await self._categories.add_user(category_id, used_by_entity)

    @operation(
        Route("POST", _CATEGORY, {"action": "remove-from-used-by"}, status=204),
        errors=_FINDING,
        privileges=(on_category(f"{_RIGHT}ModifyUsedByForCategory"),),
    )
    async def remove_from_used_by(self, call: Call, category_id: Id, used_by_entity: str) -> None:
        """Removes an entity from the users of a category; a second time has no effect."""
        await self._categories.remove_user(category_id, used_by_entity)

    @operation(
        Route("POST", _CATEGORY, {"action": "revoke-propagating-permissions"}, status=204),
        errors=_FINDING,
        privileges=(on_category(f"{_RIGHT}EditCategory"),),
    )
    async def revoke_propagating_permissions(self, call: Call, category_id: Id) -> None:
        """Checks that a category exists. Permissions do not propagate to categories, so none are revoked."""
        await self._categories.check(category_id)
