"""The history of an item's content, and the way back, through the whole application."""

from __future__ import annotations

from typing import Any

from whole import HandClock, Whole, told

VERSIONS = "/api/contentlib/library/item/{}/versions"


async def versions(app: Whole, item: str) -> list[dict[str, Any]]:
    answer = await app.send("GET", VERSIONS.format(item))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_each_completed_session_is_a_change(app: Whole, clock: HandClock) -> None:
    item = await app.item()
    clock.pass_seconds(1)
    await app.fill(item, a_iso=b"one")
    clock.pass_seconds(60)
    await app.fill(item, a_iso=b"two", b_iso=b"more")
    answer = await app.send("GET", f"/rest/content/library/item/{item}/changes")
    assert answer.json() == {
        "value": [
            {
                "short_message": "added: b.iso; changed: a.iso",
                "time": "2023-11-14T22:14:21.000Z",
                "user": "administrator@vsphere.local",
                "version": "3",
            },
            {
                "short_message": "added: a.iso",
                "time": "2023-11-14T22:13:21.000Z",
                "user": "administrator@vsphere.local",
                "version": "2",
            },
        ]
    }
    one = await app.send("GET", f"/api/content/library/item/{item}/changes/2")
    told_of = {"message": "added: a.iso", "time": "2023-11-14T22:13:21.000Z", "user": "administrator@vsphere.local"}
    assert one.json() == told_of


async def test_a_version_tells_in_which_files_it_differs_from_the_one_before(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, a_iso=b"one", b_iso=b"same", c_iso=b"old")
    session = await app.session(item)
    for name, data in (("c.iso", b"new"), ("d.iso", b"more"), ("b.iso", b"same")):
        assert (await app.push(session, name, data)).status_code == 200
    remove = f"/library/item/updatesession/file/id:{session}?~action=remove"
    await app.rest("POST", remove, {"file_name": "a.iso"})
    await app.complete(session)
    await app.send("POST", f"{VERSIONS.format(item)}/2?action=make-current")
    again, second, first = [version["differences"] for version in await versions(app, item)]
    assert first == {"added": ["a.iso", "b.iso", "c.iso"], "changed": [], "removed": []}
    assert second == {"added": ["d.iso"], "changed": ["c.iso"], "removed": ["a.iso"]}
    assert again == {"added": ["a.iso"], "changed": ["c.iso"], "removed": ["d.iso"]}


async def test_a_change_of_many_files_is_told_in_short(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, **{f"f{n}_iso": b"x" for n in range(7)})
    changes = await app.send("GET", f"/api/content/library/item/{item}/changes")
    assert changes.json()[0]["short_message"] == "added: f0.iso, f1.iso, f2.iso, f3.iso, f4.iso and 2 more"


async def test_a_short_message_is_the_first_80_characters_and_the_message_is_whole(app: Whole) -> None:
    item = await app.item()
    name = "n" * 100
    await app.fill(item, **{name: b"x"})
    path = f"/api/content/library/item/{item}/changes"
    assert (await app.send("GET", path)).json()[0]["short_message"] == f"added: {name}"[:80]
    assert (await app.send("GET", f"{path}/2")).json()["message"] == f"added: {name}"


async def test_versions_tell_their_files(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, a_iso=b"one")
    await app.fill(item, a_iso=b"three", b_iso=b"x")
    newest, oldest = await versions(app, item)
    assert (newest["version"], newest["size"], oldest["version"], oldest["size"]) == ("3", 6, "2", 3)
    assert [(file["name"], file["size"], file["version"]) for file in newest["files"]] == [("a.iso", 5, "2"), ("b.iso", 1, "1")]
    assert (await app.send("GET", f"{VERSIONS.format(item)}/2")).json() == oldest


async def test_an_earlier_version_is_made_current_again(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, a_iso=b"one", b_iso=b"same")
    await app.fill(item, a_iso=b"two")
    running = await app.download_session(item)
    answer = await app.send("POST", f"{VERSIONS.format(item)}/2?action=make-current")
    assert (answer.status_code, answer.json()) == (200, "4")
    assert await app.content(item) == {"a.iso": b"one", "b.iso": b"same"}
    assert await app.read(running, "a.iso") == b"two"
    model = await app.rest("GET", f"/library/item/id:{item}")
    assert (model["content_version"], model["size"]) == ("4", 7)
    made = (await versions(app, item))[0]
    assert made["message"] == "content version 2 was made current again"
    assert {file["name"]: file["version"] for file in made["files"]} == {"a.iso": "3", "b.iso": "1"}


async def test_the_current_version_is_not_made_current_again(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, a_iso=b"one")
    refused = told(await app.send("POST", f"{VERSIONS.format(item)}/2?action=make-current"))
    text = f"content version 2 of library item {item} is already current"
    assert refused == (400, "ALREADY_IN_DESIRED_STATE", text)


async def test_nothing_is_made_current_while_an_update_session_is_active(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, a_iso=b"one")
    await app.fill(item, a_iso=b"two")
    session = await app.session(item)
    status, kind, text = told(await app.send("POST", f"{VERSIONS.format(item)}/2?action=make-current"))
    assert (status, kind) == (500, "RESOURCE_BUSY")
    assert session in text


async def test_a_version_that_is_not_kept_is_not_found(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, a_iso=b"one")
    for target in ("/9", "/nonsense"):
        status, kind, text = told(await app.send("GET", VERSIONS.format(item) + target))
        assert (status, kind) == (404, "NOT_FOUND")
        assert item in text
    assert told(await app.send("GET", VERSIONS.format("nobody")))[:2] == (404, "NOT_FOUND")


async def test_subscribers_see_the_way_back_as_a_new_content(app: Whole) -> None:
    library = await app.library(publish_info={"published": True, "authentication_method": "NONE"})
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"one")
    await app.fill(item, a_iso=b"two")
    address = f"/cls/vcsp/lib/{library}/{item}/item.json"
    before = (await app.client.get(address)).json()
    await app.send("POST", f"{VERSIONS.format(item)}/2?action=make-current")
    after = (await app.client.get(address)).json()
    assert after["files"][0]["generationNum"] > before["files"][0]["generationNum"]
    assert int(after["version"]) > int(before["version"])
