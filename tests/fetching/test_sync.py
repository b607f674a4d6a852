"""Syncs: what is asked of the publisher and what is not, and what comes of one that fails."""

from __future__ import annotations

import asyncio
import hashlib
import time
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

import signing
from backends import stored, unfinished
from contentlib.library.packages.policies import OVF_DEFAULT
from following import Follower, Shelf, done, subscription, until
from packages import package
from processes import PATIENCE_SECONDS
from publisher import ALLOW, Publisher
from whole import HandClock, Whole, whole

LARGE = bytes(range(256)) * 16384  # 4 MiB


# what is asked for


async def test_an_unchanged_library_costs_one_request(follower: Follower, shelf: Shelf) -> None:
    before = await follower.get()
    follower.clock.pass_seconds(60)
    task = await follower.sync()
    assert (task["status"], done(task)["fetched"]) == ("SUCCEEDED", 0)
    assert shelf.asked() == ["/lib.json"]
    assert (await follower.get())["last_sync_time"] > before["last_sync_time"]


async def test_a_changed_file_costs_that_file(follower: Follower, shelf: Shelf) -> None:
    shelf.put("one", 1, a_iso=b"first", b_iso=b"newer!")
    assert done(await follower.sync()) == {"removed": 0, "changed": 1, "fetched": 1, "warnings": []}
    assert shelf.asked() == ["/lib.json", "/items.json", "/item1/b.iso"]
    assert (await follower.content())["one"] == {"a.iso": b"first", "b.iso": b"newer!"}


async def test_a_new_description_costs_no_file(follower: Follower, shelf: Shelf) -> None:
    shelf.put("renamed", 1, "described", a_iso=b"first", b_iso=b"second")
    await follower.sync()
    assert shelf.asked() == ["/lib.json", "/items.json"]
    assert (await follower.items())["renamed"]["description"] == "described"


async def test_items_swap_their_names(follower: Follower, shelf: Shelf) -> None:
    shelf.put("two", 1, a_iso=b"first", b_iso=b"second")
    shelf.put("one", 2, c_iso=b"third")
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert await follower.content() == {"two": {"a.iso": b"first", "b.iso": b"second"}, "one": {"c.iso": b"third"}}


async def test_items_go_and_others_come_with_their_names(follower: Follower, shelf: Shelf) -> None:
    shelf.drop(1)
    shelf.put("one", 9, n_iso=b"new")
    assert done(await follower.sync())["removed"] == 1
    assert await follower.content() == {"one": {"n.iso": b"new"}, "two": {"c.iso": b"third"}}


async def test_equal_bytes_are_kept_once(app: Whole, clock: HandClock, publisher: Publisher) -> None:
    shelf = Shelf(publisher)
    for n in range(5):
        shelf.put(f"item{n}", a_iso=b"the same")
    await app.fill(await app.item(), a_iso=b"the same")
    follower = await Follower.new(app, clock, shelf.url)
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert len(stored(app.settings)) == 1


async def test_a_sync_of_one_that_runs_joins_it(app: Whole, clock: HandClock, shelf: Shelf) -> None:
    shelf.publisher.stops["/item1/a.iso"] = 0
    follower = await Follower.new(app, clock, shelf.url)
    for _ in range(3):
        await app.rest("POST", f"/subscribed-library/id:{follower.library}?~action=sync")
    shelf.publisher.release()
    await follower.synced()
    assert len(await app.tasks()) == 1
    assert shelf.asked().count("/item1/a.iso") == 1


async def test_no_more_items_are_fetched_at_once_than_the_configuration_says(
    app: Whole, clock: HandClock, publisher: Publisher
) -> None:
    shelf = Shelf(publisher)
    for n in range(8):
        shelf.put(f"item{n}", a_iso=b"x")
        publisher.stops[f"/item{n + 1}/a.iso"] = 0
    await app.rest("PATCH", "/configuration", {"model": {"maximum_concurrent_item_syncs": 2}})
    follower = await Follower.new(app, clock, shelf.url)
    await until(lambda: publisher.now == 2)
    publisher.release()
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert publisher.most == 2


async def test_no_more_bytes_are_fetched_a_second_than_the_configuration_says(
    app: Whole, clock: HandClock, publisher: Publisher
) -> None:
    shelf = Shelf(publisher)
    shelf.put("large", a_iso=LARGE)
    await app.rest("PATCH", "/configuration", {"model": {"transfer_throttling_bandwidth_total": 50}})
    begun = time.monotonic()
    follower = await Follower.new(app, clock, shelf.url)
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert time.monotonic() - begun > 0.4  # 4 MiB at 6.25 MB/s, but for the last piece


# what fails


async def failed(follower: Follower) -> str:
    """Why a sync fails; it keeps what was there."""
    before = await follower.content()
    await follower.app.send("POST", f"/rest/com/vmware/content/subscribed-library/id:{follower.library}?~action=sync")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (told := (await follower.get())["state_info"].get("message")) is None:  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.01)
    after = await follower.content()
    assert {name: after[name] for name in before} == before
    return str(told)


def message(task: Any) -> str:
    return str(task["error"]["messages"][0]["default_message"])


@pytest.mark.parametrize("status", [401, 404])
async def test_a_publisher_that_refuses_leaves_the_last_good_state(follower: Follower, shelf: Shelf, status: int) -> None:
    shelf.publisher.statuses["/lib.json"] = status
    assert f"answered {status}" in await failed(follower)
    await follower.synced()
    shelf.publisher.statuses.clear()
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert "message" not in (await follower.get())["state_info"]


async def test_a_publisher_that_fails_is_asked_again(follower: Follower, shelf: Shelf) -> None:
    shelf.put("three", d_iso=b"fourth")
    shelf.publisher.fails["/lib.json"] = 2
    shelf.publisher.fails["/item3/d.iso"] = 2
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert (await follower.content())["three"] == {"d.iso": b"fourth"}


async def test_a_document_that_was_cut_off_leaves_the_last_good_state(follower: Follower, shelf: Shelf) -> None:
    shelf.put("three", d_iso=b"fourth")
    whole_document = shelf.publisher.files["/items.json"]
    shelf.publisher.files["/items.json"] = whole_document[: len(whole_document) // 2]
    assert "/items.json" in await failed(follower)
    assert set(await follower.items()) == {"one", "two"}


async def test_an_item_that_does_not_come_keeps_no_other_from_coming(follower: Follower, shelf: Shelf) -> None:
    shelf.put("three", d_iso=b"fourth")
    shelf.put("one", 1, a_iso=b"newer", b_iso=b"second")
    shelf.publisher.statuses["/item1/a.iso"] = 403
    told = await failed(follower)
    assert "1 of 2 items of library 'mirror' could not be synchronized: 'one': cannot download file 'a.iso': " in told
    assert message(await follower.synced()) == told
    assert (await follower.content())["three"] == {"d.iso": b"fourth"}
    assert (await follower.items())["one"]["content_version"] == "2"
    del shelf.publisher.statuses["/item1/a.iso"]
    shelf.asked()
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert [path for path in shelf.asked() if path.endswith(".iso")] == ["/item1/a.iso"]


async def test_items_that_cannot_be_read_are_told_wherever_people_look(follower: Follower, shelf: Shelf) -> None:
    before = (await follower.get())["last_sync_time"]
    shelf.put("three", d_iso=b"fourth")
    for item in shelf.items.values():
        if item["name"] == "two":
            item["files"][0]["name"] = "../c.iso"
    shelf.write()
    counted = left_out()
    with structlog.testing.capture_logs() as logs:
        told = await failed(follower)
    assert told.startswith(
        "library 'mirror' lacks 1 items of its publisher: item 'two' was skipped: "
        "files.name must be a plain file name, not '../c.iso'"
    )
    library = await follower.get()
    assert (library["state_info"]["message"], library["last_sync_time"]) == (told, before)
    assert message(await follower.synced()) == told
    assert left_out() - counted == 1
    (event,) = [each for each in logs if each["event"] == "sync left items out"]
    assert (event["log_level"], event["library"], event["count"]) == ("warning", follower.library, 1)
    assert (await follower.content())["three"] == {"d.iso": b"fourth"}
    assert "two" in await follower.items()  # as it was
    assert message(await follower.sync()) == told  # also when nothing has changed since
    for item in shelf.items.values():
        item["files"][0]["name"] = item["files"][0]["name"].removeprefix("../")
    shelf.write()
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert "message" not in (await follower.get()).get("state_info", {})


def left_out() -> float:
    """How many items were left out by all syncs of the process."""
    return REGISTRY.get_sample_value("contentlib_sync_items_left_out_total") or 0.0


async def test_an_item_that_is_emptied_stays_and_so_does_one_that_never_had_content(app: Whole, clock: HandClock) -> None:
    source = await app.library("theirs", publish_info={"published": True, "authentication_method": "NONE"})
    item = await app.item("one", source)
    await app.fill(item, a_iso=b"first")
    url = (await app.rest("GET", f"/local-library/id:{source}"))["publish_info"]["publish_url"]
    follower = await Follower.new(app, clock, url)
    assert (await follower.synced())["status"] == "SUCCEEDED"
    here = (await follower.items())["one"]["id"]
    session = await app.session(item)
    await app.rest("POST", f"/library/item/updatesession/file/id:{session}?~action=remove", {"file_name": "a.iso"})
    await app.complete(session)
    await app.item("two", source)
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert await follower.content() == {"one": {}, "two": {}}
    assert (await follower.items())["one"]["id"] == here


async def test_the_time_of_an_unchanged_item_moves_with_each_sync_of_its_library(follower: Follower, clock: HandClock) -> None:
    before = (await follower.items())["one"]
    clock.pass_seconds(60)
    await follower.sync()
    after = (await follower.items())["one"]
    assert after["last_sync_time"] > before["last_sync_time"]
    assert after["last_sync_time"] == (await follower.get())["last_sync_time"]
    assert {**after, "last_sync_time": None} == {**before, "last_sync_time": None}
    clock.pass_seconds(60)
    await follower.app.rest("POST", f"/library/subscribed-item/id:{after['id']}?~action=sync", {"force_sync_content": False})
    assert (await follower.ended(after["id"]))["status"] == "SUCCEEDED"
    assert (await follower.items())["one"]["last_sync_time"] > after["last_sync_time"]


async def test_a_sync_of_an_item_tells_which_it_is_and_why_it_does_not_come(follower: Follower, shelf: Shelf) -> None:
    one = (await follower.items())["one"]["id"]
    shelf.put("one", 1, a_iso=b"newer", b_iso=b"second")
    shelf.publisher.statuses["/item1/a.iso"] = 403
    path = f"/library/subscribed-item/id:{one}?~action=sync"
    await follower.app.rest("POST", path, {"force_sync_content": True})
    task = await follower.ended(one)
    assert (task["status"], task["target"]["id"]) == ("FAILED", one)
    assert "library 'mirror' could not be synchronized: 'one': cannot download file 'a.iso': " in message(task)
    assert (await follower.content())["one"] == {"a.iso": b"first", "b.iso": b"second"}
    del shelf.publisher.statuses["/item1/a.iso"]
    assert done(await follower.sync())["fetched"] == 1
    assert (await follower.content())["one"] == {"a.iso": b"newer", "b.iso": b"second"}


async def test_content_that_was_damaged_here_comes_again_with_a_sync_of_its_item(follower: Follower, shelf: Shelf) -> None:
    one = (await follower.items())["one"]["id"]
    for blob in stored(follower.app.settings):
        if blob.read() == b"first":
            blob.damage(b"FIRST")
    shelf.asked()
    await follower.app.rest("POST", f"/library/subscribed-item/id:{one}?~action=sync", {"force_sync_content": False})
    assert (await follower.ended(one))["status"] == "SUCCEEDED"
    assert [path for path in shelf.asked() if path.endswith(".iso")] == ["/item1/a.iso"]
    assert (await follower.content())["one"] == {"a.iso": b"first", "b.iso": b"second"}


@pytest.fixture
async def held_up(follower: Follower, shelf: Shelf) -> Follower:
    """A library whose sync waits for the rest of a file, with another one still to come that is gone by then."""
    await follower.app.rest("PATCH", "/configuration", {"model": {"maximum_concurrent_item_syncs": 1}})
    shelf.put("large", a_iso=LARGE)
    shelf.put("late", d_iso=b"fourth")
    shelf.publisher.stops["/item3/a.iso"] = 1 << 20
    await follower.app.rest("POST", f"/subscribed-library/id:{follower.library}?~action=sync")
    await until(lambda: "/item3/a.iso" in [each.path for each in shelf.publisher.asked])
    del shelf.publisher.files["/item4/d.iso"]
    return follower


async def test_what_a_publisher_takes_away_during_a_sync_fails_no_sync(held_up: Follower, shelf: Shelf) -> None:
    shelf.drop(4)
    shelf.drop(2)
    shelf.publisher.release()
    task = await held_up.synced()
    assert (task["status"], done(task)) == ("SUCCEEDED", {"removed": 1, "changed": 0, "fetched": 1, "warnings": []})
    assert sorted(await held_up.items()) == ["large", "one"]
    assert shelf.asked() == ["/lib.json", "/items.json", "/item3/a.iso", "/item4/d.iso", "/lib.json", "/items.json"]
    await held_up.sync()
    assert shelf.asked() == ["/lib.json"]


async def test_what_a_publisher_replaces_during_a_sync_comes_in_its_new_state(held_up: Follower, shelf: Shelf) -> None:
    shelf.put("later", 4, e_iso=b"in another file")
    shelf.publisher.release()
    task = await held_up.synced()
    assert (task["status"], done(task)["fetched"]) == ("SUCCEEDED", 2)
    assert (await held_up.content())["later"] == {"e.iso": b"in another file"}
    assert shelf.asked()[-3:] == ["/lib.json", "/items.json", "/item4/e.iso"]


async def test_a_file_that_is_gone_and_still_listed_is_asked_for_once(held_up: Follower, shelf: Shelf) -> None:
    shelf.publisher.release()
    task = await held_up.synced()
    assert (task["status"], "'late': cannot download file 'd.iso': " in message(task)) == ("FAILED", True)
    assert shelf.asked()[-2:] == ["/item4/d.iso", "/lib.json"]


async def test_an_item_that_its_publisher_replaces_while_it_is_wanted_comes_in_its_new_state(
    app: Whole, clock: HandClock, shelf: Shelf
) -> None:
    shelf.put("large", a_iso=LARGE, b_iso=b"fourth")
    follower = await Follower.new(app, clock, shelf.url, on_demand=True)
    await follower.synced()
    shelf.publisher.stops["/item3/a.iso"] = 1 << 20
    item = (await follower.items())["large"]["id"]
    await app.rest("POST", f"/library/subscribed-item/id:{item}?~action=sync", {"force_sync_content": True})
    await until(lambda: "/item3/a.iso" in [each.path for each in shelf.publisher.asked])
    del shelf.publisher.files["/item3/b.iso"]
    shelf.put("large", 3, a_iso=LARGE, c_iso=b"newer")
    shelf.publisher.release()
    task = await follower.ended(item)
    assert (task["status"], done(task)["fetched"]) == ("SUCCEEDED", 1)
    assert await app.content(item) == {"a.iso": LARGE, "c.iso": b"newer"}
    assert shelf.asked().count("/item3/a.iso") == 1


async def test_a_publisher_that_never_stands_still_is_not_followed_for_ever(follower: Follower, shelf: Shelf) -> None:
    """It has a new version whenever it is asked, and what is on its list is never there."""

    async def move_on() -> None:
        while True:
            shelf.write()
            await asyncio.sleep(0)

    shelf.put("late", d_iso=b"fourth")
    del shelf.publisher.files["/item3/d.iso"]
    moving = asyncio.create_task(move_on())
    task = await follower.sync()
    moving.cancel()
    assert task["status"] == "FAILED"
    assert shelf.asked() == ["/lib.json", "/items.json", "/item3/d.iso"] * 6


async def test_bytes_that_are_not_those_that_were_offered_are_not_taken(follower: Follower, shelf: Shelf) -> None:
    shelf.put("one", 1, a_iso=b"newer", b_iso=b"second")
    shelf.publisher.files["/item1/a.iso"] = b"longer than it was said"
    told = await failed(follower)
    assert "file 'a.iso' differs from what its publisher declares: file 'a.iso' is 23 bytes, expected 5" in told
    shelf.put("one", 1, a_iso=b"longer than it was said", b_iso=b"second")
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert (await follower.content())["one"]["a.iso"] == b"longer than it was said"


@pytest.mark.parametrize("lengths", [False, True])
async def test_an_answer_that_ends_early_is_gone_on_with(
    app: Whole, clock: HandClock, publisher: Publisher, lengths: bool
) -> None:
    """Checklist 24."""
    shelf = Shelf(publisher)
    shelf.put("large", a_iso=LARGE)
    publisher.lengths = lengths
    publisher.cuts_of["/item1/a.iso"] = [1 << 20, 2 << 20]
    follower = await Follower.new(app, clock, shelf.url)
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert (await follower.content())["large"] == {"a.iso": LARGE}
    ranges = publisher.ranges_asked("/item1/a.iso")
    assert ranges[0] is None
    assert ranges[-1] is not None  # a connection that breaks may take with it what came last, and so the first bytes too


async def test_a_server_that_is_stopped_goes_on_where_it_was(data_dir: Path, clock: HandClock, publisher: Publisher) -> None:
    shelf = Shelf(publisher)
    shelf.put("large", a_iso=LARGE, b_iso=b"small")
    publisher.stops["/item1/a.iso"] = 1 << 20
    async with whole(data_dir, clock, outbound_allow=ALLOW) as app:
        follower = await Follower.new(app, clock, shelf.url)
        await until(lambda: sum(each.size() for each in unfinished(app.settings)) >= 1 << 20)
    publisher.release()
    async with whole(data_dir, clock, outbound_allow=ALLOW) as app:
        follower.app = app
        assert (await follower.synced())["status"] == "SUCCEEDED"
        assert (await follower.content())["large"] == {"a.iso": LARGE, "b.iso": b"small"}
        assert unfinished(app.settings) == []
    assert publisher.ranges_asked("/item1/a.iso")[-1] == f"bytes={1 << 20}-"


async def test_a_package_is_what_its_manifest_says(app: Whole, clock: HandClock, publisher: Publisher) -> None:
    shelf = Shelf(publisher)
    files = package()
    disk = next(name for name in files if name.endswith(".vmdk"))
    wrong = {**files, disk: bytes(len(files[disk]))}
    shelf.put("tiny", 1, "", **{name.replace(".", "_"): data for name, data in wrong.items()})
    follower = await Follower.new(app, clock, shelf.url)
    task = await follower.synced()
    assert task["status"] == "FAILED"
    assert hashlib.sha256(files[disk]).hexdigest() in message(task)
    assert await follower.items() == {}
    publisher.files[f"/item1/{disk}"] = files[disk]
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert (await follower.content())["tiny"] == files


async def test_a_library_with_a_policy_takes_over_only_packages_with_a_trusted_signature(
    app: Whole, clock: HandClock, publisher: Publisher, tmp_path: Path
) -> None:
    signer = signing.make(tmp_path / "signer")
    shelf = Shelf(publisher)
    for number, files in enumerate((signing.signed(signer), package()), 1):
        shelf.put(f"item {number}", number, "", **{name.replace(".", "_"): data for name, data in files.items()})
    follower = await Follower.new(app, clock, shelf.url)
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert await standings(follower) == {"item 1": ("UNTRUSTED", True), "item 2": ("NOT_AVAILABLE", True)}
    spec = {"name": "strict", "subscription_info": subscription(shelf.url), "security_policy_id": OVF_DEFAULT.id}
    strict = Follower(app, clock, str(await app.rest("POST", "/subscribed-library", {"create_spec": spec})))
    told = message(await strict.synced())
    assert f"'item 1': the security policy of library {strict.library} requires" in told
    assert f"'item 2': the security policy of library {strict.library} requires" in told
    assert await strict.items() == {}
    await app.rest("POST", "/trusted-certificates", {"spec": {"cert_text": signer.pem}})
    assert (await strict.sync())["status"] == "FAILED"
    assert await standings(strict) == {"item 1": ("VERIFIED", True)}
    assert await standings(follower) == {"item 1": ("VERIFIED", True), "item 2": ("NOT_AVAILABLE", True)}


async def standings(follower: Follower) -> dict[str, tuple[str, bool]]:
    """What the items tell of their signatures and their compliance."""
    found = (await follower.items()).items()
    return {name: (item["certificate_verification_info"]["status"], item["security_compliance"]) for name, item in found}


async def test_a_publisher_that_is_gone_is_not_asked_for_every_item(app: Whole, clock: HandClock, publisher: Publisher) -> None:
    shelf = Shelf(publisher)
    for n in range(200):
        shelf.put(f"item{n}", a_iso=b"x")
    for path in list(publisher.files):
        if path.endswith(".iso"):
            del publisher.files[path]
    follower = await Follower.new(app, clock, shelf.url)
    assert (await follower.synced())["status"] == "FAILED"
    assert len(shelf.asked()) < 60


async def test_many_items_that_are_gone_keep_no_other_from_coming(app: Whole, clock: HandClock, publisher: Publisher) -> None:
    """Their publisher removes files first, and writes its lists long after."""
    shelf = Shelf(publisher)
    for n in range(60):
        shelf.put(f"item{n}", a_iso=b"%d" % n)
    gone = {f"/item{n}/a.iso" for n in range(11, 46)}
    publisher.files = {path: data for path, data in publisher.files.items() if path not in gone}
    follower = await Follower.new(app, clock, shelf.url)
    assert (await follower.synced())["status"] == "FAILED"
    assert set(await follower.items()) == {f"item{n}" for n in (*range(10), *range(45, 60))}
    for n in range(11, 46):
        shelf.drop(n)
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert "message" not in (await follower.get())["state_info"]


async def test_a_library_that_is_deleted_meanwhile_ends_its_sync(app: Whole, clock: HandClock, publisher: Publisher) -> None:
    shelf = Shelf(publisher)
    shelf.put("large", a_iso=LARGE)
    publisher.stops["/item1/a.iso"] = 1 << 20
    follower = await Follower.new(app, clock, shelf.url)
    await until(lambda: "/item1/a.iso" in [each.path for each in publisher.asked])
    await app.rest("DELETE", f"/subscribed-library/id:{follower.library}")
    publisher.release()
    task = await follower.synced()
    assert task["status"] == "FAILED"
    assert "does not exist" in message(task)


async def test_a_sync_beyond_the_quota_names_it_and_brings_what_there_is_room_for(follower: Follower, shelf: Shelf) -> None:
    before = await follower.content()
    quota = f"/api/contentlib/library/{follower.library}/quota"
    held = (await follower.app.send("GET", quota)).json()["bytes"]
    assert (await follower.app.send("PUT", quota, {"bytes_limit": held + 10})).status_code == 204
    shelf.put("large", 8, a_iso=bytes(11))
    shelf.put("small", 9, a_iso=b"123")
    task = await follower.sync()
    assert task["status"] == "FAILED"
    text = f"quota of library {follower.library} is {held + 10} bytes: "
    assert text in task["error"]["messages"][0]["default_message"]
    assert "/item8/a.iso" not in shelf.asked()
    assert await follower.content() == {**before, "small": {"a.iso": b"123"}}
    assert (await follower.app.send("GET", quota)).json()["bytes"] == held + 3
    await follower.app.send("PUT", quota, {})
    assert (await follower.sync())["status"] == "SUCCEEDED"
    assert (await follower.content())["large"] == {"a.iso": bytes(11)}


async def test_small_items_beyond_the_quota_fail_alone(app: Whole, clock: HandClock, publisher: Publisher) -> None:
    shelf = Shelf(publisher)
    shelf.put("item0", a_iso=b"0")
    follower = await Follower.new(app, clock, shelf.url)
    await follower.synced()
    quota = f"/api/contentlib/library/{follower.library}/quota"
    assert (await app.send("PUT", quota, {"bytes_limit": 4})).status_code == 204
    for n in range(1, 60):
        shelf.put(f"item{n}", a_iso=b"%d" % n)
    task = await follower.sync()
    assert task["status"] == "FAILED"
    assert (await app.send("GET", quota)).json()["bytes"] in (3, 4)  # of some two bytes do not fit, of others one does
    assert set(await follower.content()) < {f"item{n}" for n in range(60)}


async def test_small_items_of_which_one_cannot_be_fetched_are_there(app: Whole, clock: HandClock, publisher: Publisher) -> None:
    shelf = Shelf(publisher)
    for n in range(60):
        shelf.put(f"item{n}", a_iso=b"content %d" % n, b_iso=b"the same")
    del publisher.files["/item30/b.iso"]
    follower = await Follower.new(app, clock, shelf.url)
    assert (await follower.synced())["status"] == "FAILED"
    content = await follower.content()
    assert content == {f"item{n}": {"a.iso": b"content %d" % n, "b.iso": b"the same"} for n in range(60) if n != 29}
    assert len(stored(app.settings)) == 60


async def test_a_sync_beyond_the_quota_of_items_leaves_the_library_as_it_was(follower: Follower, shelf: Shelf) -> None:
    before = await follower.content()
    quota = f"/api/contentlib/library/{follower.library}/quota"
    assert (await follower.app.send("PUT", quota, {"items_limit": len(before)})).status_code == 204
    shelf.put("another", 8, a_iso=b"1")
    task = await follower.sync()
    assert task["status"] == "FAILED"
    assert f"is {len(before)} items" in task["error"]["messages"][0]["default_message"]
    assert "/item8/a.iso" not in shelf.asked()
    assert await follower.content() == before
