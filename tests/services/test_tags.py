"""Tags as their callers see them: the requests of govc and Terraform, and what becomes of tags when objects come and go."""

from __future__ import annotations

from typing import Any

import pytest

from contentlib.vapi.declare import operations_of
from services.declared import SERVICES
from whole import Whole, told

CATEGORY, TAG, ASSOCIATION = (f"/rest/com/vmware/cis/tagging/{name}" for name in ("category", "tag", "tag-association"))
API = "/api/cis/tagging"
LIBRARY, ITEM = "com.vmware.content.Library", "com.vmware.content.library.Item"
STORE = {"type": "Datastore", "id": "datastore-1"}


async def call(app: Whole, method: str, target: str, body: object = None) -> Any:
    """What a request is answered with, where it is answered at all."""
    answer = await app.send(method, target, body)
    assert answer.status_code < 300, answer.text
    return answer.json()["value"] if answer.content else None


async def category(app: Whole, name: str = "system", **more: object) -> str:
    """A category, made with what govc and Terraform send."""
    spec = {"name": name, "description": "", "cardinality": "SINGLE", "associable_types": [], **more}
    return str(await call(app, "POST", CATEGORY, {"create_spec": spec}))


async def tag(app: Whole, of: str, name: str = "linux") -> str:
    """A tag, made with what govc and Terraform send."""
    return str(await call(app, "POST", TAG, {"create_spec": {"name": name, "description": "", "category_id": of}}))


async def attach(app: Whole, made: str, target: dict[str, str]) -> None:
    """Attaches a tag as govc does."""
    await call(app, "POST", f"{ASSOCIATION}/id:{made}?~action=attach", {"object_id": target})


async def tags_of(app: Whole, target: dict[str, str]) -> Any:
    """The tags of an object, asked for as govc does."""
    return await call(app, "POST", f"{ASSOCIATION}?~action=list-attached-tags", {"object_id": target})


async def test_the_steps_of_govc(app: Whole) -> None:
    """tags.category.create, tags.create, tags.ls -c, tags.attach, tags.attached.ls, tags.detach, tags.rm."""
    system = await category(app)
    assert await call(app, "GET", f"{CATEGORY}/id:{system}") == {
        "id": system,
        "name": "system",
        "description": "",
        "cardinality": "SINGLE",
        "associable_types": [],
        "used_by": [],
    }
    linux = await tag(app, system)
    of_category = f"{TAG}/id:{system}?~action=list-tags-for-category"
    assert await call(app, "POST", of_category, {"category_id": system}) == [linux]
    await attach(app, linux, STORE)
    assert await tags_of(app, STORE) == [linux]
    assert await call(app, "POST", f"{ASSOCIATION}/id:{linux}?~action=list-attached-objects") == [STORE]
    on_tags = await call(app, "POST", f"{ASSOCIATION}?~action=list-attached-objects-on-tags", {"tag_ids": [linux]})
    assert on_tags == [{"tag_id": linux, "object_ids": [STORE]}]
    await call(app, "POST", f"{ASSOCIATION}/id:{linux}?~action=detach", {"object_id": STORE})
    assert await tags_of(app, STORE) == []
    await call(app, "DELETE", f"{TAG}/id:{linux}")
    assert told(await app.send("GET", f"{TAG}/id:{linux}"))[:2] == (404, "NOT_FOUND")


async def test_govc_looks_a_name_up_by_all_identifiers(app: Whole) -> None:
    """A name that nothing has is asked for as an identifier in the end, and must then not be found."""
    await category(app)
    assert len(await call(app, "GET", CATEGORY)) == 1
    assert told(await app.send("GET", f"{CATEGORY}/id:nobody%20here"))[:2] == (404, "NOT_FOUND")


async def test_the_steps_of_terraform(app: Whole) -> None:
    """A plan changes names in place, and adds types to those that a category has."""
    system = await category(app, associable_types=["Datastore"])
    change = {"name": "os", "description": "systems", "cardinality": "MULTIPLE", "associable_types": ["Datastore", ITEM]}
    await call(app, "PATCH", f"{CATEGORY}/id:{system}", {"update_spec": change})
    found = await call(app, "GET", f"{CATEGORY}/id:{system}")
    assert {**change, "associable_types": sorted(found["associable_types"])} == {
        **{name: found[name] for name in change},
        "associable_types": sorted(change["associable_types"]),
    }
    linux, bsd = await tag(app, system), await tag(app, system, "bsd")
    await call(app, "PATCH", f"{TAG}/id:{linux}", {"update_spec": {"name": "gnu"}})
    body = {"object_id": STORE, "tag_ids": [linux, bsd]}
    batch = await call(app, "POST", f"{ASSOCIATION}?~action=attach-multiple-tags-to-object", body)
    assert batch == {"success": True, "error_messages": []}
    assert await tags_of(app, STORE) == [linux, bsd]


async def test_a_batch_says_what_it_could_not_do(app: Whole) -> None:
    made = await tag(app, await category(app, associable_types=[ITEM]))
    body = {"object_ids": [STORE, {"type": ITEM, "id": "nobody"}]}
    batch = await call(app, "POST", f"{ASSOCIATION}/id:{made}?~action=attach-tag-to-multiple-objects", body)
    assert not batch["success"]
    texts = [each["default_message"] for each in batch["error_messages"]]
    assert texts[0] == f"tag_id 'linux' cannot be attached to Datastore: category 'system' allows {ITEM}"
    assert texts[1] == f"object_id 'nobody' of type '{ITEM}' does not exist"


async def test_an_object_in_the_trash_has_its_tags_again_when_it_is_restored(app: Whole) -> None:
    library = await app.library()
    item = {"type": ITEM, "id": await app.item(library=library)}
    made = await tag(app, await category(app))
    await attach(app, made, item)
    await attach(app, made, {"type": LIBRARY, "id": library})
    await app.rest("DELETE", f"/library/item/id:{item['id']}")
    assert await tags_of(app, item) == []
    refused = told(await app.send("POST", f"{ASSOCIATION}/id:{made}?~action=attach", {"object_id": item}))
    assert refused[:2] == (400, "INVALID_ARGUMENT")
    answer = await app.send("POST", f"/api/contentlib/library/trash/{item['id']}?action=restore", {})
    assert answer.status_code < 300, answer.text
    assert await tags_of(app, item) == [made]


async def test_the_statuses_on_api(app: Whole) -> None:
    spec = {"name": "system", "description": "", "cardinality": "MULTIPLE", "associable_types": []}
    created = await app.send("POST", f"{API}/category", spec)
    assert created.status_code == 201
    system = created.json()
    linux = (await app.send("POST", f"{API}/tag", {"name": "linux", "description": "", "category_id": system})).json()
    attached = await app.send("POST", f"{API}/tag-association/{linux}?action=attach", {"object_id": STORE})
    assert (attached.status_code, attached.content) == (204, b"")
    listed = await app.send("POST", f"{API}/tag?action=list-tags-for-category", {"category_id": system})
    assert (listed.status_code, listed.json()) == (200, [linux])
    assert (await app.send("DELETE", f"{API}/category/{system}")).status_code == 204
    assert told(await app.send("GET", f"{API}/tag/{linux}"))[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("operation", "privileges"),
    [
        ("category.create", {"CreateCategory"}),
        ("category.get", {"System.Read"}),
        ("category.update", {"EditCategory"}),
        ("category.delete", {"DeleteCategory"}),
        ("category.add_to_used_by", {"ModifyUsedByForCategory"}),
        ("category.remove_from_used_by", {"ModifyUsedByForCategory"}),
        ("tag.create", {"CreateTag"}),
        ("tag.get", {"System.Read"}),
        ("tag.update", {"EditTag"}),
        ("tag.delete", {"DeleteTag"}),
        ("tag.list_tags_for_category", {"System.Read"}),
        ("tag.add_to_used_by", {"ModifyUsedByForTag"}),
        ("tag.remove_from_used_by", {"ModifyUsedByForTag"}),
        ("tag_association.attach", {"AttachTag", "System.Read"}),
        ("tag_association.attach_multiple_tags_to_object", {"AttachTag", "System.Read"}),
        ("tag_association.attach_tag_to_multiple_objects", {"AttachTag", "System.Read"}),
        ("tag_association.detach", {"AttachTag", "System.Read"}),
        ("tag_association.detach_multiple_tags_from_object", {"AttachTag", "System.Read"}),
        ("tag_association.detach_tag_from_multiple_objects", {"AttachTag", "System.Read"}),
        ("tag_association.list_attached_objects", {"System.Read"}),
        ("tag_association.list_attachable_tags", {"System.Read"}),
    ],
)
def test_privileges_are_those_that_the_documentation_asks_for(operation: str, privileges: set[str]) -> None:
    service, _, name = f"com.vmware.cis.tagging.{operation}".rpartition(".")
    (declared,) = (each for each in operations_of(SERVICES[service]) if each.name == name)
    assert {each.name.removeprefix("InventoryService.Tagging.") for each in declared.privileges} == privileges


def test_no_operation_of_tags_is_open_to_everybody() -> None:
    for name in ("category", "tag", "tag_association"):
        for declared in operations_of(SERVICES[f"com.vmware.cis.tagging.{name}"]):
            assert declared.privileges
