"""The subscriptions of published libraries, publishing to them, and what becomes of a subscribed library that is converted."""

from __future__ import annotations

from typing import Any

import pytest

from following import Follower, Shelf, subscription
from whole import HOST, HandClock, Whole

NOBODY = "00000000-0000-4000-8000-000000000000"
NEW = {"name": "copy", "automatic_sync_enabled": False, "on_demand": False, "storage_backings": []}
HERE, THERE = {"type": "DATASTORE", "datastore_id": "datastore-1"}, {"type": "OTHER", "storage_uri": "nfs://host/x"}
MADE = "spec.subscribed_library.new_subscribed_library"
ELSEWHERE = {"location": "REMOTE", "vcenter": {"hostname": "vc.example", "https_port": 8443}}


@pytest.fixture
async def library(app: Whole) -> str:
    """A published library that wants a password, with an item in it."""
    info = {"published": True, "authentication_method": "BASIC", "password": "secret"}
    made = await app.library("images", publish_info=info)
    await app.fill(await app.item("tiny", made, type="iso"), a_iso=b"bytes")
    return made


def path(library: str, subscription_id: str | None = None) -> str:
    return f"/api/content/library/{library}/subscriptions" + (f"/{subscription_id}" if subscription_id else "")


def asked(**more: object) -> dict[str, object]:
    return {"subscribed_library": {"location": "LOCAL", "target": "CREATE_NEW", **more}}


async def create(app: Whole, library: str, **more: object) -> str:
    answer = await app.send("POST", path(library), asked(**more))
    assert answer.status_code == 201, answer.text
    return str(answer.json())


async def refused(app: Whole, method: str, target: str, body: object = None) -> tuple[int, str]:
    answer = await app.send(method, target, body)
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["messages"][0]["default_message"]


async def copy_of(app: Whole, clock: HandClock, library: str, subscription_id: str) -> Follower:
    """The library that was made for a subscription, when it has been synchronized."""
    info = (await app.send("GET", path(library, subscription_id))).json()
    follower = Follower(app, clock, info["subscribed_library"])
    assert (await follower.synced())["status"] == "SUCCEEDED"
    return follower


async def test_a_library_is_made_for_a_subscription_and_needs_no_password(app: Whole, clock: HandClock, library: str) -> None:
    made = await create(app, library, new_subscribed_library=NEW, placement={"folder": "group-v3"})
    copy = await copy_of(app, clock, library, made)
    assert await copy.content() == {"tiny": {"a.iso": b"bytes"}}
    told = await copy.get()
    assert told["subscription_info"]["source_info"]["source_library"] == library
    assert told["subscription_info"]["source_info"]["subscription"] == made
    summary = {"subscription": made, "subscribed_library": copy.library, "subscribed_library_name": "copy"}
    assert (await app.send("GET", path(library))).json() == [summary]
    assert (await app.send("GET", path(library, made))).json() == {
        "subscribed_library": copy.library,
        "subscribed_library_location": "LOCAL",
        "subscribed_library_name": "copy",
        "subscribed_library_placement": {"folder": "group-v3"},
    }


async def test_a_library_whose_subscription_was_removed_is_not_let_in_any_more(
    app: Whole, clock: HandClock, library: str
) -> None:
    made = await create(app, library, new_subscribed_library=NEW)
    copy = await copy_of(app, clock, library, made)
    assert (await app.send("DELETE", path(library, made))).status_code == 204
    task = await copy.sync()
    assert (task["status"], "requires user name 'vcsp'" in str(task["error"])) == ("FAILED", True)
    assert await copy.content() == {"tiny": {"a.iso": b"bytes"}}


async def test_a_library_is_published_to_its_subscriptions(app: Whole, clock: HandClock, library: str) -> None:
    chosen = await create(app, library, new_subscribed_library=NEW)
    other = await create(app, library, new_subscribed_library=NEW | {"name": "other"})
    copies = [await copy_of(app, clock, library, each) for each in (chosen, other)]
    await app.fill(await app.item("second", library, type="iso"), b_iso=b"more")
    body = {"subscriptions": [{"subscription": chosen}]}
    assert (await app.send("POST", f"/api/content/local-library/{library}?action=publish", body)).status_code == 204
    assert (await copies[0].synced())["status"] == "SUCCEEDED"
    assert [sorted(await each.items()) for each in copies] == [["second", "tiny"], ["tiny"]]
    assert (await app.send("POST", f"/api/content/local-library/{library}?action=publish", {})).status_code == 204
    assert (await copies[1].synced())["status"] == "SUCCEEDED"
    assert sorted(await copies[1].items()) == ["second", "tiny"]


async def test_a_library_in_maintenance_keeps_no_other_from_being_published_to(
    app: Whole, clock: HandClock, library: str
) -> None:
    made = [await create(app, library, new_subscribed_library=NEW | {"name": name}) for name in ("first", "second")]
    first, second = [await copy_of(app, clock, library, each) for each in made]
    copy = (await second.items())["tiny"]
    await app.rest("POST", f"/library/id:{first.library}?~action=enter-maintenance")
    for path, body, target in (
        (f"local-library/{library}", {}, second.library),
        (f"library/item/{copy['source_id']}", {"force_sync_content": True}, copy["id"]),
    ):
        await app.fill(copy["source_id"], a_iso=path.encode())
        status, message = await refused(app, "POST", f"/api/content/{path}?action=publish", body)
        assert (status, f"library {first.library} is in MAINTENANCE" in message) == (400, True)
        assert (await second.ended(target))["status"] == "SUCCEEDED"
        assert await second.content() == {"tiny": {"a.iso": path.encode()}}


async def test_a_library_that_was_converted_is_published_to_no_more(app: Whole, clock: HandClock, library: str) -> None:
    made = [await create(app, library, new_subscribed_library=NEW | {"name": name}) for name in ("first", "second")]
    first, second = [await copy_of(app, clock, library, each) for each in made]
    assert (await app.send(*convert(first.library))).status_code == 204
    assert [each["subscription"] for each in (await app.send("GET", path(library))).json()] == made[1:]
    await app.fill(await app.item("second", library), b_iso=b"more")
    assert (await app.send("POST", f"/api/content/local-library/{library}?action=publish", {})).status_code == 204
    assert (await second.synced())["status"] == "SUCCEEDED"
    assert sorted(await second.items()) == ["second", "tiny"]


async def test_an_item_is_published_with_its_content(app: Whole, clock: HandClock, library: str) -> None:
    made = await create(app, library, new_subscribed_library=NEW | {"on_demand": True})
    copy = await copy_of(app, clock, library, made)
    before = (await copy.items())["tiny"]
    assert before["cached"] is False
    body = {"force_sync_content": True}
    target = f"/api/content/library/item/{before['source_id']}?action=publish"
    assert (await app.send("POST", target, body)).status_code == 204
    assert (await copy.ended(before["id"]))["status"] == "SUCCEEDED"
    assert (await copy.items())["tiny"]["cached"] is True


async def test_an_existing_library_is_used_once(app: Whole, clock: HandClock, library: str) -> None:
    url = f"{HOST}/cls/vcsp/lib/{library}/lib.json"
    follower = await Follower.new(app, clock, url, authentication_method="BASIC", user_name="vcsp", password="secret")
    used = {"target": "USE_EXISTING", "subscribed_library": follower.library}
    await create(app, library, **used)
    status, message = await refused(app, "POST", path(library), asked(**used))
    assert (status, f"library {follower.library} already has a subscription of library {library}" in message) == (400, True)


async def test_a_token_subscribes_once(app: Whole, library: str) -> None:
    headers = {"Client-Token": "b8a2a2e3-2314-43cd-a871-6ede0f429751"}
    answers = [await app.send("POST", path(library), asked(new_subscribed_library=NEW), headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await app.send("GET", path(library))).json()) == 1


async def test_an_existing_library_tells_its_subscription_until_that_is_deleted(app: Whole, clock: HandClock) -> None:
    library = await app.library("images", publish_info={"published": True, "authentication_method": "NONE"})
    url = (await app.rest("GET", f"/library/id:{library}"))["publish_info"]["publish_url"]
    follower = await Follower.new(app, clock, url)
    assert "source_info" not in (await follower.get())["subscription_info"]
    made = await create(app, library, target="USE_EXISTING", subscribed_library=follower.library)
    wanted = {"source_library": library, "subscription": made}
    assert (await follower.get())["subscription_info"]["source_info"] == wanted
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert (await follower.get())["subscription_info"]["source_info"] == wanted
    assert (await app.send("DELETE", path(library, made))).status_code == 204
    assert "source_info" not in (await follower.get())["subscription_info"]


async def test_a_library_of_another_vcenter_is_kept_and_cannot_be_published_to(app: Whole, library: str) -> None:
    made = await create(app, library, target="USE_EXISTING", subscribed_library="theirs", **ELSEWHERE)
    summary = {
        "subscription": made,
        "subscribed_library": "theirs",
        "subscribed_library_name": "theirs",
        "subscribed_library_vcenter_hostname": "vc.example",
    }
    assert (await app.send("GET", path(library))).json() == [summary]
    change = {"subscribed_library_vcenter": {"hostname": "new.example"}, "subscribed_library_placement": {"host": "host-1"}}
    assert (await app.send("PATCH", path(library, made), change)).status_code == 204
    info = (await app.send("GET", path(library, made))).json()
    assert info["subscribed_library_vcenter"] == {"hostname": "new.example", "https_port": 8443, "server_guid": ""}
    assert info["subscribed_library_placement"] == {"host": "host-1"}
    status, message = await refused(app, "POST", f"/api/content/local-library/{library}?action=publish", {})
    assert (status, "cannot manage vCenter 'new.example'" in message) == (500, True)


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        ({}, 400, "new_subscribed_library is required when target is CREATE_NEW"),
        ({"target": "USE_EXISTING"}, 400, "subscribed_library is required when target is USE_EXISTING"),
        ({"target": "USE_EXISTING", "subscribed_library": NOBODY}, 404, NOBODY),
        ({"location": "REMOTE", "new_subscribed_library": NEW}, 400, "vcenter is required when location is REMOTE"),
        ({"new_subscribed_library": NEW, **ELSEWHERE}, 500, "cannot manage vCenter 'vc.example'"),
        ({"new_subscribed_library": NEW | {"name": ""}}, 400, f"{MADE}.name must"),
        (
            {"new_subscribed_library": NEW | {"storage_backings": [HERE, HERE]}},
            400,
            f"{MADE}.storage_backings has 2 backings",
        ),
        (
            {"new_subscribed_library": NEW | {"storage_backings": [THERE]}},
            400,
            f"unsupported type OTHER in {MADE}.storage_backings.1.type",
        ),
        ({"new_subscribed_library": NEW | {"storage_backings": [{"type": "DATASTORE"}]}}, 400, f"{MADE}.storage_backings.1"),
        (
            {"target": "USE_EXISTING", "subscribed_library": "x", "location": "REMOTE", "vcenter": {"hostname": " "}},
            400,
            "hostname must not be empty",
        ),
    ],
)
async def test_a_subscription_that_cannot_be_is_refused(
    app: Whole, library: str, more: dict[str, object], status: int, says: str
) -> None:
    told = await refused(app, "POST", path(library), asked(**more))
    assert (told[0], says in told[1]) == (status, True), told
    assert (await app.send("GET", path(library))).json() == []
    assert await app.rest("GET", "/subscribed-library") == []


async def test_a_library_that_follows_another_one_cannot_be_used(app: Whole, library: str) -> None:
    other = await app.library("other", publish_info={"published": True, "authentication_method": "NONE"})
    body = {"create_spec": {"name": "x", "subscription_info": subscription(f"{HOST}/cls/vcsp/lib/{other}/lib.json")}}
    follower = await app.rest("POST", "/subscribed-library", body)
    status, message = await refused(app, "POST", path(library), asked(target="USE_EXISTING", subscribed_library=follower))
    assert (status, f"is not subscribed to library {library}" in message) == (400, True)
    told = await app.send("GET", path(follower))
    assert (told.status_code, told.json()["error_type"]) == (400, "INVALID_ELEMENT_TYPE")


async def test_only_published_libraries_have_subscriptions(app: Whole) -> None:
    private = await app.library("private")
    for method, target, body in (
        ("GET", path(private), None),
        ("GET", path(private, NOBODY), None),
        ("POST", path(private), asked(new_subscribed_library=NEW)),
        ("DELETE", path(private, NOBODY), None),
        ("POST", f"/api/content/local-library/{private}?action=publish", {}),
    ):
        assert await refused(app, method, target, body) == (400, f"library {private} is not published")


async def test_a_subscription_is_gone_while_its_library_is_in_the_trash(app: Whole, clock: HandClock, library: str) -> None:
    made = await create(app, library, new_subscribed_library=NEW)
    copy = await copy_of(app, clock, library, made)
    await app.rest("DELETE", f"/subscribed-library/id:{copy.library}")
    assert (await app.send("GET", path(library))).json() == []
    assert (await refused(app, "GET", path(library, made)))[0] == 404
    await app.send("POST", f"/api/contentlib/library/trash/{copy.library}?action=restore", {})
    assert len((await app.send("GET", path(library))).json()) == 1


# what is published again, and what is converted


async def test_a_subscribed_library_can_be_published_too(
    app: Whole, clock: HandClock, shelf: Shelf, follower: Follower
) -> None:
    info = {"published": True, "authentication_method": "NONE"}
    await app.rest("PATCH", f"/subscribed-library/id:{follower.library}", {"update_spec": {"publish_info": info}})
    url = (await follower.get())["publish_info"]["publish_url"]
    second = await Follower.new(app, clock, url)
    assert (await second.synced())["status"] == "SUCCEEDED"
    assert await second.content() == {"one": {"a.iso": b"first", "b.iso": b"second"}, "two": {"c.iso": b"third"}}
    shelf.put("one", 1, a_iso=b"newer")
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert (await second.sync())["status"] == "SUCCEEDED"
    assert (await second.content())["one"] == {"a.iso": b"newer"}


def convert(library: str) -> tuple[str, str, dict[str, Any]]:
    return "POST", f"/api/content/library/{library}?action=convert", {"conversion_type": "TO_PUBLISHED_LIBRARY"}


async def test_a_converted_library_goes_on_without_its_publisher(app: Whole, follower: Follower) -> None:
    before = (await follower.items())["one"]
    assert (await app.send(*convert(follower.library))).status_code == 204
    library = await app.rest("GET", f"/local-library/id:{follower.library}")
    assert (library["type"], library["publish_info"]["published"]) == ("LOCAL", True)
    assert "subscription_info" not in library
    item = (await follower.items())["one"]
    assert (item["id"], item["content_version"]) == (before["id"], before["content_version"])
    assert (item["cached"], "last_sync_time" in item) == (True, False)
    await app.fill(item["id"], a_iso=b"ours")
    documents = await app.client.get(f"/cls/vcsp/lib/{follower.library}/items.json")
    assert {each["name"] for each in documents.json()["items"]} == {"one", "two"}
    assert (await app.send(*convert(follower.library))).json()["error_type"] == "INVALID_ELEMENT_TYPE"


async def test_a_library_that_lacks_content_is_not_converted(app: Whole, clock: HandClock, shelf: Shelf) -> None:
    shelf.drop(2)
    on_demand = await Follower.new(app, clock, shelf.url, on_demand=True)
    assert (await on_demand.synced())["status"] == "SUCCEEDED"
    status, message = await refused(app, *convert(on_demand.library))
    assert (status, "('one') is not synchronized" in message) == (400, True)
    assert (await on_demand.get())["type"] == "SUBSCRIBED"


async def test_a_library_whose_last_sync_failed_is_not_converted(app: Whole, shelf: Shelf, follower: Follower) -> None:
    shelf.publisher.statuses["/lib.json"] = 404
    assert (await follower.sync())["status"] == "FAILED"
    status, message = await refused(app, *convert(follower.library))
    assert (status, f"the last synchronization of library {follower.library} failed" in message) == (400, True)
