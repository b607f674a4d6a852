"""The trash through the whole application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whole import HandClock, Whole, copied, told, whole

TRASH = "/api/contentlib/library/trash"
DAY = 86_400


async def trashed(app: Whole) -> list[dict[str, Any]]:
    answer = await app.send("GET", TRASH)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_a_deleted_item_is_listed_and_restored(app: Whole) -> None:
    library = await app.library()
    item = await app.item(library=library)
    await app.fill(item, a_iso=b"one")
    await app.rest("DELETE", f"/library/item/id:{item}")
    told_of = {
        "id": item,
        "library_id": library,
        "name": "tiny",
        "size": 3,
        "time": "2023-11-14T22:13:20.000Z",
        "type": "ITEM",
        "until": "2023-11-21T22:13:20.000Z",
        "user": "administrator@vsphere.local",
    }
    assert await trashed(app) == [told_of]
    assert (await app.send("GET", f"{TRASH}/{item}")).json() == told_of
    answer = await app.send("POST", f"{TRASH}/{item}?action=restore")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await app.content(item) == {"a.iso": b"one"}
    assert await trashed(app) == []


async def test_a_force_deleted_library_is_restored_with_its_items_under_another_name(app: Whole) -> None:
    library = await app.library()
    item = await app.item(library=library)
    await app.fill(item, a_iso=b"one")
    await app.rest("POST", f"/local-library/id:{library}?~action=force-delete")
    assert (await app.refusal("GET", f"/library/item/id:{item}"))[:2] == (404, "NOT_FOUND")
    path = f"/rest/contentlib/library/trash/id:{library}?~action=restore"
    assert (await app.send("POST", path, {"name": "again"})).status_code == 200
    assert (await app.rest("GET", f"/library/id:{library}"))["name"] == "again"
    assert await app.content(item) == {"a.iso": b"one"}


async def test_a_name_that_is_taken_meanwhile_is_already_exists(app: Whole) -> None:
    library = await app.library()
    item = await app.item(library=library)
    await app.rest("DELETE", f"/library/item/id:{item}")
    other = await app.item(library=library)
    refused = told(await app.send("POST", f"{TRASH}/{item}?action=restore"))
    text = f"name 'tiny' is already used in library {library} by item {other}"
    assert refused == (400, "ALREADY_EXISTS", text)
    assert (await app.send("POST", f"{TRASH}/{item}?action=restore", {"name": "old"})).status_code == 204


async def test_a_name_that_nothing_can_have_is_refused(app: Whole) -> None:
    item = await app.item()
    await app.rest("DELETE", f"/library/item/id:{item}")
    status, kind, text = told(await app.send("POST", f"{TRASH}/{item}?action=restore", {"name": ""}))
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert text.startswith("name ")


async def test_an_item_whose_library_is_deleted_is_not_restored_before_it(app: Whole) -> None:
    library = await app.library()
    item = await app.item(library=library)
    await app.rest("DELETE", f"/library/item/id:{item}")
    await app.rest("DELETE", f"/local-library/id:{library}")
    text = f"library {library} of item {item} is in the trash; restore the library first"
    refused = told(await app.send("POST", f"{TRASH}/{item}?action=restore"))
    assert refused == (400, "NOT_ALLOWED_IN_CURRENT_STATE", text)


async def test_what_is_purged_or_overdue_is_not_found(app: Whole, clock: HandClock) -> None:
    purged, overdue = await app.item("one"), await app.item("two")
    for item in (purged, overdue):
        await app.rest("DELETE", f"/library/item/id:{item}")
    assert (await app.send("POST", f"{TRASH}/{purged}?action=purge")).status_code == 204
    clock.pass_seconds(7 * DAY)
    login = {"vmware-api-session-id": (await app.login()).json()["value"]}
    for item in (purged, overdue):
        for method, action in (("GET", ""), ("POST", "?action=restore"), ("POST", "?action=purge")):
            refused = told(await app.send(method, f"{TRASH}/{item}{action}", headers=login))
            assert refused == (404, "NOT_FOUND", f"deleted library or item {item!r} does not exist")


async def test_with_a_library_goes_what_was_deleted_of_it_before(app: Whole) -> None:
    library = await app.library()
    item, other = await app.item("a", library), await app.item("a")
    for each in (item, other):
        await app.rest("DELETE", f"/library/item/id:{each}")
    await app.rest("DELETE", f"/local-library/id:{library}")
    assert (await app.send("POST", f"{TRASH}/{library}?action=purge")).status_code == 204
    assert [each["id"] for each in await trashed(app)] == [other]
    assert (await app.send("POST", f"{TRASH}/{item}?action=purge")).status_code == 404


async def test_without_a_trash_deletion_is_final(template: Path, tmp_path: Path, clock: HandClock) -> None:
    async with whole(copied(template, tmp_path / "data"), clock, trash_seconds=0) as app:
        item = await app.item()
        await app.rest("DELETE", f"/library/item/id:{item}")
        assert await trashed(app) == []
        assert told(await app.send("POST", f"{TRASH}/{item}?action=restore"))[0] == 404


async def test_subscribers_see_an_item_go_and_come_back_with_risen_versions(app: Whole) -> None:
    publishing = {"published": True, "authentication_method": "NONE"}
    library = await app.library(publish_info=publishing)
    item = await app.item(library=library)
    await app.fill(item, a_iso=b"one")

    async def seen() -> tuple[int, dict[str, int]]:
        lib = (await app.send("GET", f"/cls/vcsp/lib/{library}/lib.json")).json()
        items = (await app.send("GET", f"/cls/vcsp/lib/{library}/items.json")).json()["items"]
        return int(lib["version"]), {each["id"].removeprefix("urn:uuid:"): int(each["version"]) for each in items}

    first, before = await seen()
    await app.rest("DELETE", f"/library/item/id:{item}")
    second, gone = await seen()
    await app.send("POST", f"{TRASH}/{item}?action=restore")
    third, after = await seen()
    assert first < second < third
    assert gone == {}
    assert after[item] > before[item]
    await app.rest("DELETE", f"/local-library/id:{library}")
    assert (await app.send("GET", f"/cls/vcsp/lib/{library}/lib.json")).status_code == 404
    assert (await app.send("GET", f"/cls/vcsp/lib/{library}/{item}/a.iso")).status_code == 404
    await app.send("POST", f"{TRASH}/{library}?action=restore")
    assert await seen() == (third + 1, after)
