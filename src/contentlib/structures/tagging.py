"""Defines the structures of tags and categories."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.types import Enumeration, Id, Structure, enumeration

PREFIX = "com.vmware.cis.tagging"


@enumeration(f"{PREFIX}.category_model.cardinality")
class Cardinality(Enumeration):
    """How many tags of a category an object can have."""

    MULTIPLE = "MULTIPLE"
    SINGLE = "SINGLE"


class CategoryModel(Structure):
    """A category of tags; with no `associable_types` its tags can be attached to any object."""

    vapi_name: ClassVar[str] = f"{PREFIX}.category_model"
    id: Id
    name: str
    description: str
    cardinality: Cardinality
    associable_types: set[str]
    used_by: set[str]


class TagModel(Structure):
    """A tag."""

    vapi_name: ClassVar[str] = f"{PREFIX}.tag_model"
    id: Id
    category_id: Id
    name: str
    description: str
    used_by: set[str]
