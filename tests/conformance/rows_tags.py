"""The rows of tags, their categories, and what they are attached to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.forms import Arguments
from conformance.rows import ONE_ADMINISTRATOR, How, Row
from conformance.world import NOBODY, World

_ITEM = "com.vmware.content.library.Item"
_UNAUTHORIZED: Mapping[str, How] = {"unauthorized": ONE_ADMINISTRATOR}
_USER = "backup"


def new_category(world: World, **more: Any) -> dict[str, Any]:
    """A category that is to be made."""
    spec = {"name": world.name("category"), "description": "", "cardinality": "MULTIPLE", "associable_types": [_ITEM]}
    return {**spec, **more}


def category(world: World, **more: Any) -> str:
    """A new category."""
    return str(world.call_other("com.vmware.cis.tagging.category.create", create_spec=new_category(world, **more)))


def tag(world: World, of: str | None = None, **more: Any) -> str:
    """A new tag."""
    spec = {"name": world.name("tag"), "description": "", "category_id": of or category(world), **more}
    return str(world.call_other("com.vmware.cis.tagging.tag.create", create_spec=spec))


def an_item(world: World) -> dict[str, str]:
    """An item as tags are attached to it."""
    return {"type": _ITEM, "id": world.kept}


def attached(world: World) -> str:
    """A new tag that is attached to an item."""
    made = tag(world)
    world.call_other("com.vmware.cis.tagging.tag_association.attach", tag_id=made, object_id=an_item(world))
    return made


def a_tagged_item(world: World) -> dict[str, str]:
    """An item that has a tag."""
    attached(world)
    return an_item(world)


def a_taggable_item(world: World) -> dict[str, str]:
    """An item that can have a tag."""
    tag(world)
    return an_item(world)


def _beside(made: str) -> Arguments:
    """No arguments, where something was made to be listed."""
    assert made
    return {}


def used(world: World, kind: str) -> Arguments:
    """Who uses a new category or tag."""
    made = category(world) if kind == "category" else tag(world)
    arguments = {f"{kind}_id": made, "used_by_entity": _USER}
    world.call_other(f"com.vmware.cis.tagging.{kind}.add_to_used_by", **arguments)
    return arguments


def _user(world: World, kind: str) -> Arguments:
    return {"used_by_entity": used(world, kind)["used_by_entity"]}


def _missing(kind: str, **more: Any) -> Mapping[str, How]:
    return {"not_found": lambda _: {f"{kind}_id": NOBODY, **more}, **_UNAUTHORIZED}


def _named_again(world: World) -> dict[str, str]:
    """A tag of the name and category of another one."""
    found = world.call_other("com.vmware.cis.tagging.tag.get", tag_id=tag(world))
    return {"name": found["name"], "description": "", "category_id": found["category_id"]}


def _category_name(world: World) -> str:
    return str(world.call_other("com.vmware.cis.tagging.category.get", category_id=category(world))["name"])


def _tag_renamed(world: World) -> Arguments:
    """A tag that is to have the name of another one of its category."""
    other = _named_again(world)
    return {"tag_id": tag(world, other["category_id"]), "update_spec": {"name": other["name"]}}


CATEGORIES = {
    "create": Row(
        lambda world: {"create_spec": new_category(world)},
        {
            "already_exists": lambda world: {"create_spec": new_category(world, name=_category_name(world))},
            "invalid_argument": lambda world: {"create_spec": new_category(world, name=" ")},
            **_UNAUTHORIZED,
        },
    ),
    "get": Row(lambda world: {"category_id": used(world, "category")["category_id"]}, _missing("category")),
    "update": Row(
        lambda world: {"category_id": category(world), "update_spec": {"description": "new"}},
        {
            "already_exists": lambda world: {"category_id": category(world), "update_spec": {"name": _category_name(world)}},
            "invalid_argument": lambda world: {"category_id": category(world), "update_spec": {"associable_types": ["Folder"]}},
            **_missing("category", update_spec={"name": "new"}),
        },
    ),
    "delete": Row(lambda world: {"category_id": category(world)}, _missing("category")),
    "list": Row(lambda world: _beside(category(world))),
    "list_used_categories": Row(lambda world: _user(world, "category")),
    "add_to_used_by": Row(lambda world: used(world, "category"), _missing("category", used_by_entity=_USER)),
    "remove_from_used_by": Row(lambda world: used(world, "category"), _missing("category", used_by_entity=_USER)),
    "revoke_propagating_permissions": Row(lambda world: {"category_id": category(world)}, _missing("category")),
}

TAGS = {
    "create": Row(
        lambda world: {"create_spec": {"name": world.name("tag"), "description": "", "category_id": category(world)}},
        {
            "already_exists": lambda world: {"create_spec": _named_again(world)},
            "invalid_argument": lambda world: {"create_spec": {**_named_again(world), "name": "", "tag_id": NOBODY}},
            "not_found": lambda world: {"create_spec": {**_named_again(world), "category_id": NOBODY}},
            **_UNAUTHORIZED,
        },
    ),
    "get": Row(lambda world: {"tag_id": used(world, "tag")["tag_id"]}, _missing("tag")),
    "update": Row(
        lambda world: {"tag_id": tag(world), "update_spec": {"description": "new"}},
        {
            "already_exists": _tag_renamed,
            "invalid_argument": lambda world: {"tag_id": tag(world), "update_spec": {"name": ""}},
            **_missing("tag", update_spec={"name": "new"}),
        },
    ),
    "delete": Row(lambda world: {"tag_id": tag(world)}, _missing("tag")),
    "list": Row(lambda world: _beside(tag(world))),
    "list_used_tags": Row(lambda world: _user(world, "tag")),
    "list_tags_for_category": Row(lambda world: {"category_id": _with_tag(world)}, _missing("category")),
    "add_to_used_by": Row(lambda world: used(world, "tag"), _missing("tag", used_by_entity=_USER)),
    "remove_from_used_by": Row(lambda world: used(world, "tag"), _missing("tag", used_by_entity=_USER)),
    "revoke_propagating_permissions": Row(lambda world: {"tag_id": tag(world)}, _missing("tag")),
}


def _with_tag(world: World) -> str:
    made = category(world)
    tag(world, made)
    return made


def _one_object(world: World) -> Arguments:
    return {"tag_id": tag(world), "object_id": an_item(world)}


def _many_tags(world: World) -> Arguments:
    """One that can be attached, and one that does not exist."""
    return {"object_id": an_item(world), "tag_ids": [tag(world), NOBODY]}


def _many_objects(world: World) -> Arguments:
    return {"tag_id": tag(world), "object_ids": [an_item(world), {"type": _ITEM, "id": NOBODY}]}


_NO_OBJECTS = _missing("tag", object_ids=[{"type": _ITEM, "id": NOBODY}])
_NO_OBJECT = _missing("tag", object_id={"type": _ITEM, "id": NOBODY})

ASSOCIATIONS = {
    "attach": Row(
        _one_object,
        {"invalid_argument": lambda world: {"tag_id": tag(world), "object_id": {"type": _ITEM, "id": NOBODY}}, **_NO_OBJECT},
    ),
    "attach_multiple_tags_to_object": Row(_many_tags, _UNAUTHORIZED),
    "attach_tag_to_multiple_objects": Row(_many_objects, _NO_OBJECTS),
    "detach": Row(lambda world: {"tag_id": attached(world), "object_id": an_item(world)}, _NO_OBJECT),
    "detach_multiple_tags_from_object": Row(_many_tags, _UNAUTHORIZED),
    "detach_tag_from_multiple_objects": Row(_many_objects, _NO_OBJECTS),
    "list_attached_objects": Row(lambda world: {"tag_id": attached(world)}, _missing("tag")),
    "list_attached_objects_on_tags": Row(lambda world: {"tag_ids": [attached(world), NOBODY]}),
    "list_attached_tags": Row(lambda world: {"object_id": a_tagged_item(world)}, _UNAUTHORIZED),
    "list_attached_tags_on_objects": Row(lambda world: {"object_ids": [a_tagged_item(world)]}),
    "list_attachable_tags": Row(lambda world: {"object_id": a_taggable_item(world)}, _UNAUTHORIZED),
}
