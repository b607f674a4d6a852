"""Tests that tags show and change only what their caller may: each object is asked about on its own library."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from access.people import People
from whole import Whole

ROBIN = "robin@vsphere.local"
LIBRARY, ITEM = "com.vmware.content.Library", "com.vmware.content.library.Item"
TAGGING = "/api/cis/tagging"
OBJECTS = f"{TAGGING}/tag-association"
STORE = {"type": "Datastore", "id": "datastore-1"}
NOTHING = {"type": ITEM, "id": "nothing"}


@dataclass(frozen=True)
class Robin:
    """A user with a role on one of two libraries; all objects have the tag."""

    people: People
    secret: str
    tag: str
    own: dict[str, str]
    own_item: dict[str, str]
    other: dict[str, str]
    other_item: dict[str, str]

    async def ask(self, target: str, body: object) -> tuple[int, object]:
        answer = await self.people.as_user("POST", target, self.secret, body)
        return answer.status_code, answer.json() if answer.content else None

    async def change(self, action: str, target: dict[str, str]) -> int:
        """The status of attaching or detaching the tag."""
        status, _ = await self.ask(f"{OBJECTS}/{self.tag}?action={action}", {"object_id": target})
        return status


@pytest.fixture
async def robin(app: Whole) -> Robin:
    people = People(app)
    await people.done("POST", "/users", {"name": "robin"})
    _, secret = await people.token(ROBIN)
    libraries = [await app.library(), await app.library()]
    items = [await app.item("tagged", library) for library in libraries]
    spec = {"name": "system", "description": "", "cardinality": "MULTIPLE", "associable_types": []}
    category = (await app.send("POST", f"{TAGGING}/category", spec)).json()
    tag = (await app.send("POST", f"{TAGGING}/tag", {"name": "linux", "description": "", "category_id": category})).json()
    (own, other), (own_item, other_item) = (
        [{"type": kind, "id": each} for each in found] for kind, found in ((LIBRARY, libraries), (ITEM, items))
    )
    everything = [own, own_item, other, other_item, STORE]
    await app.send("POST", f"{OBJECTS}/{tag}?action=attach-tag-to-multiple-objects", {"object_ids": everything})
    await people.permit(ROBIN, "Content publisher", own["id"])
    return Robin(people, secret, tag, own, own_item, other, other_item)


async def test_lists_leave_out_the_objects_that_one_may_not_read(robin: Robin) -> None:
    seen = [robin.own, robin.own_item, STORE]
    assert await robin.ask(f"{OBJECTS}/{robin.tag}?action=list-attached-objects", None) == (200, seen)
    status, found = await robin.ask(f"{OBJECTS}?action=list-attached-objects-on-tags", {"tag_ids": [robin.tag, "nothing"]})
    assert (status, found) == (200, [{"tag_id": robin.tag, "object_ids": seen}, {"tag_id": "nothing", "object_ids": []}])


async def test_the_tags_of_what_one_may_not_read_are_those_of_what_does_not_exist(robin: Robin) -> None:
    for target, tags in [(robin.own_item, [robin.tag]), (robin.other_item, []), (robin.other, []), (NOTHING, [])]:
        assert await robin.ask(f"{OBJECTS}?action=list-attached-tags", {"object_id": target}) == (200, tags)
        listed = await robin.ask(f"{OBJECTS}?action=list-attached-tags-on-objects", {"object_ids": [target]})
        assert listed == (200, [{"object_id": target, "tag_ids": tags}])
    await robin.people.app.send("POST", f"{OBJECTS}/{robin.tag}?action=detach", {"object_id": robin.other_item})
    assert await robin.ask(f"{OBJECTS}?action=list-attachable-tags", {"object_id": robin.other_item}) == (200, [])


@pytest.mark.parametrize("action", ["detach", "attach"])
async def test_tags_are_changed_on_the_libraries_where_one_may(robin: Robin, action: str) -> None:
    for target, status in [
        (robin.own, 204),
        (robin.own_item, 204),
        (robin.other, 404),
        (robin.other_item, 404),
        (NOTHING, 404),
        (STORE, 403),
    ]:
        assert await robin.change(action, target) == status
    await robin.people.permit(ROBIN, "Content user", robin.other["id"])
    assert await robin.change(action, robin.other_item) == 403


@pytest.mark.parametrize("action", ["attach-tag-to-multiple-objects", "detach-tag-from-multiple-objects"])
async def test_of_many_objects_each_is_asked_about(robin: Robin, action: str) -> None:
    target = f"{OBJECTS}/{robin.tag}?action={action}"
    assert (await robin.ask(target, {"object_ids": [robin.own, robin.own_item]}))[0] == 200
    assert (await robin.ask(target, {"object_ids": [robin.own, robin.other_item]}))[0] == 404
    many = [robin.own_item] * 2001
    assert (await robin.ask(target, {"object_ids": many}))[0] == 400


@pytest.mark.parametrize("action", ["attach-multiple-tags-to-object", "detach-multiple-tags-from-object"])
async def test_of_many_tags_the_object_is_asked_about(robin: Robin, action: str) -> None:
    for target, allowed in [(robin.own_item, True), (robin.other_item, False), (STORE, False)]:
        status, _ = await robin.ask(f"{OBJECTS}?action={action}", {"object_id": target, "tag_ids": [robin.tag]})
        assert (status == 200) == allowed


async def test_tags_themselves_are_changed_by_a_role_on_everything(robin: Robin) -> None:
    spec = {"name": "owner", "description": "", "cardinality": "MULTIPLE", "associable_types": []}
    await robin.people.permit(ROBIN, "Content library administrator", robin.own["id"])
    assert (await robin.ask(f"{TAGGING}/category", spec))[0] == 403
    await robin.people.permit(ROBIN, "Content library administrator", None)
    assert (await robin.ask(f"{TAGGING}/category", spec))[0] == 201
