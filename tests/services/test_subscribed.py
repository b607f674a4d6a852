"""Subscribed libraries as callers see them: every operation, and every error that it declares."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

import certificates
from backends import BACKEND, stored, unfinished
from contentlib.access.passwords import Argon2Passwords
from contentlib.library.clock import SystemClock
from contentlib.library.errors import NotFetched
from contentlib.library.following.contacts import Contacts
from contentlib.library.following.own_catalogs import OwnCatalogs, OwnProbes
from contentlib.library.following.own_readers import OwnReaders
from contentlib.library.following.subscriber_credentials import SubscriberCredentials
from contentlib.library.model import Subscription
from contentlib.library.sessions.pulls import ProbeStatus
from following import Follower, Shelf, done, subscription, until
from processes import PATIENCE_SECONDS
from publisher import ALLOW, publishing
from scopes import Message, scope
from whole import TOKEN, HandClock, Whole, whole

LIBRARY, ITEM = "/subscribed-library", "/library/subscribed-item"


@pytest.fixture
async def app(data_dir: Path, clock: HandClock) -> AsyncIterator[Whole]:
    """An application whose callers wait for the end of a sync."""
    async with whole(data_dir, clock, outbound_allow=ALLOW, sync_wait_seconds=60) as running:
        yield running


def created(url: str, *, name: object = "mirror", **more: object) -> dict[str, object]:
    return {"create_spec": {"name": name, "subscription_info": subscription(url, **more)}}


async def test_a_new_library_is_answered_at_once_and_fills_as_a_task(app: Whole, clock: HandClock, shelf: Shelf) -> None:
    shelf.publisher.stops |= {"/item1/a.iso": 0, "/item2/c.iso": 0}
    follower = await Follower.new(app, clock, shelf.url, user_name="ignored")
    found = await follower.get()
    assert (found["type"], found["version"], "last_sync_time" in found) == ("SUBSCRIBED", "1", False)
    assert found["subscription_info"] == subscription(shelf.url)
    assert "publish_info" not in found
    shelf.publisher.release()
    task = await follower.synced()
    assert (task["status"], task["service"], task["operation"]) == (
        "SUCCEEDED",
        "com.vmware.content.subscribed_library",
        "sync",
    )
    assert (task["progress"]["completed"], task["progress"]["total"]) == (2, 2)
    assert done(task) == {"removed": 0, "changed": 0, "fetched": 2, "warnings": []}
    assert await follower.content() == {"one": {"a.iso": b"first", "b.iso": b"second"}, "two": {"c.iso": b"third"}}
    assert (await follower.get())["last_sync_time"] >= found["creation_time"]


async def test_a_sync_that_is_called_as_a_task_is_answered_with_the_task_that_it_is(follower: Follower, shelf: Shelf) -> None:
    shelf.publisher.conditions, shelf.publisher.stops["/lib.json"] = False, 0
    path = f"/api/content/subscribed-library/{follower.library}?action=sync&vmw-task=true"
    begun, joined = [await follower.app.send("POST", path) for _ in range(2)]
    shelf.publisher.release()
    assert (begun.status_code, begun.json()) == (202, joined.json())
    task = (await follower.app.send("GET", f"/api/cis/tasks/{begun.json()}")).json()
    assert (task["operation"], task["target"]["id"]) == ("sync", follower.library)
    item = (await follower.items())["one"]["id"]
    path = f"/api/content/library/subscribed-item/{item}?action=sync&vmw-task=true"
    answer = await follower.app.send("POST", path, {"force_sync_content": True})
    task = (await follower.app.send("GET", f"/api/cis/tasks/{answer.json()}")).json()
    assert (answer.status_code, task["target"]["id"]) == (202, item)


async def test_an_item_is_as_its_publisher_has_it(follower: Follower, shelf: Shelf) -> None:
    shelf.put("one", 1, "theirs", a_iso=b"newer", b_iso=b"second")
    await follower.sync()
    item = (await follower.items())["one"]
    theirs = shelf.items["00000000-0000-4000-8000-000000000001"]
    assert (item["source_id"], item["content_version"]) == (theirs["id"].removeprefix("urn:uuid:"), theirs["contentVersion"])
    assert (item["cached"], item["type"], item["description"], item["size"]) == (True, "iso", "theirs", 11)
    assert "last_sync_time" in item


async def test_a_thumbprint_is_told_as_it_was_set_and_a_certificate_is_not(app: Whole, tmp_path: Path) -> None:
    """Ansible compares the thumbprint with its own, and changes the library where they differ."""
    own = certificates.make(tmp_path / "own.pem")
    thumbprint = own.thumbprint("sha1")
    async with publishing({}, own.context()) as publisher:
        library = Shelf(publisher)
        library.put("one", a_iso=b"first")
        for pins in ({"ssl_thumbprint": thumbprint}, {"ssl_thumbprint": thumbprint, "ssl_certificate": own.pem}):
            made = await app.rest("POST", LIBRARY, created(library.url, name=app.unused("pinned"), **pins))
            found = (await app.rest("GET", f"{LIBRARY}/id:{made}"))["subscription_info"]
            assert found == subscription(library.url, ssl_thumbprint=thumbprint)


async def test_a_token_creates_once(app: Whole, shelf: Shelf) -> None:
    headers = {"Client-Token": "b8a2a2e3-2314-43cd-a871-6ede0f429751"}
    body = created(shelf.url)["create_spec"]
    answers = [await app.send("POST", "/api/content/subscribed-library", body, headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert await app.rest("GET", LIBRARY) == [answers[0].json()]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subscription_url": None}, "create_spec.subscription_info.subscription_url is required"),
        ({"authentication_method": None}, "create_spec.subscription_info.authentication_method is required"),
        ({"on_demand": None}, "create_spec.subscription_info.on_demand is required"),
        ({"automatic_sync_enabled": None}, "create_spec.subscription_info.automatic_sync_enabled is required"),
        ({"subscription_url": "ftp://x/lib.json"}, "subscription_url has the unsupported scheme 'ftp'; use http or https"),
        ({"subscription_url": "ds:///vmfs/volumes/a/lib.json"}, "url has the scheme 'ds', but import_roots is not set"),
        ({"authentication_method": "BASIC"}, "password is required for BASIC authentication"),
        ({"authentication_method": "BASIC", "password": ""}, "password is required for BASIC authentication"),
        (
            {"ssl_certificate": "-----BEGIN CERTIFICATE-----\n" * 6000},
            "ssl_certificate is 168000 characters; at most 65536 are allowed",
        ),
        ({"ssl_certificate": "-----BEGIN CERTIFICATE-----\nAA"}, "ssl_certificate must be a certificate in PEM"),
        ({"ssl_thumbprint": "1" * 201}, "ssl_certificate_thumbprint is 201 characters; at most 200 are allowed"),
        ({"ssl_thumbprint": "12:34"}, "ssl_certificate_thumbprint must be a SHA-1 or SHA-256 thumbprint"),
    ],
)
async def test_what_can_be_no_subscription_is_an_invalid_argument(
    app: Whole, shelf: Shelf, change: dict[str, Any], message: str
) -> None:
    spec = created(shelf.url, **change)
    status, kind, told = await app.refusal("POST", LIBRARY, spec)
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert message in told
    assert await app.rest("GET", LIBRARY) == []


async def test_a_name_that_another_library_has_already_exists(follower: Follower, shelf: Shelf) -> None:
    told = f"name 'mirror' is already used by library {follower.library}"
    refused = await follower.app.refusal("POST", LIBRARY, created(shelf.url))
    assert refused == (400, "ALREADY_EXISTS", f"create_spec.{told}")
    other = await follower.app.rest("POST", LIBRARY, created(shelf.url, name="other"))
    refused = await follower.app.refusal("PATCH", f"{LIBRARY}/id:{other}", {"update_spec": {"name": "mirror"}})
    assert refused == (400, "ALREADY_EXISTS", f"update_spec.{told}")


async def test_a_library_without_a_subscription_is_none(app: Whole) -> None:
    spec = {"create_spec": {"name": "mirror"}}
    told = await app.refusal("POST", LIBRARY, spec)
    assert told == (400, "INVALID_ARGUMENT", "create_spec.subscription_info is required")


async def test_several_backings_are_unsupported(app: Whole, shelf: Shelf) -> None:
    spec = created(shelf.url)
    backing = {"type": "DATASTORE", "datastore_id": "datastore-1"}
    spec["create_spec"] = {**dict(spec["create_spec"]), "storage_backings": [backing, backing]}  # type: ignore[call-overload]  # it is a dictionary
    assert (await app.refusal("POST", LIBRARY, spec))[1] == "UNSUPPORTED"


@pytest.mark.parametrize("path", ["/nothing.json", "/item1/a.iso", "/gone"])
async def test_a_publisher_that_has_no_library_there_is_inaccessible(app: Whole, shelf: Shelf, path: str) -> None:
    shelf.publisher.statuses["/gone"] = 500
    status, kind, told = await app.refusal("POST", LIBRARY, created(shelf.publisher.uri(path)))
    assert (status, kind) == (400, "RESOURCE_INACCESSIBLE")
    assert shelf.publisher.uri(path) in told
    assert await app.rest("GET", LIBRARY) == []


@pytest.mark.embedded
async def test_a_password_is_shown_to_the_publisher_and_to_nobody_else(app: Whole, clock: HandClock, shelf: Shelf) -> None:
    basic = {"authentication_method": "BASIC", "user_name": "ann", "password": "s3cret"}
    follower = await Follower.new(app, clock, shelf.url, **basic)
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert {each.headers["authorization"] for each in shelf.publisher.asked} == {"Basic YW5uOnMzY3JldA=="}
    info = (await follower.get())["subscription_info"]
    assert (info["authentication_method"], info["user_name"], "password" in info) == ("BASIC", "ann", False)
    database = (app.settings.data_dir / "contentlib.db").read_bytes()
    log = (app.settings.data_dir / "contentlib.db-wal").read_bytes()
    assert b"s3cret" not in database + log
    assert (app.settings.data_dir / "sealing.key").stat().st_mode & 0o777 == 0o600


async def test_a_changed_password_is_the_one_that_is_shown(follower: Follower, shelf: Shelf) -> None:
    change = {"authentication_method": "BASIC", "password": "n3w"}
    await update(follower, change)
    await follower.synced()
    shelf.asked()
    shelf.put("three", d_iso=b"d")
    await follower.sync()
    assert {each.headers["authorization"] for each in shelf.publisher.asked} == {"Basic dmNzcDpuM3c="}


async def update(follower: Follower, change: Mapping[str, object], **more: object) -> None:
    spec = {"update_spec": {"subscription_info": change, **more}}
    await follower.app.rest("PATCH", f"{LIBRARY}/id:{follower.library}", spec)


async def test_a_library_that_follows_another_one_by_now_drops_what_it_had(follower: Follower) -> None:
    async with publishing() as other:
        shelf = Shelf(other, library="1b9c6f1e-5a53-4c55-9c0e-1d6b0f2a7a11")
        shelf.put("other", x_iso=b"x")
        await update(follower, {"subscription_url": shelf.url})
        assert (await follower.synced())["status"] == "SUCCEEDED"
        assert await follower.content() == {"other": {"x.iso": b"x"}}
    assert (await follower.get())["version"] == "2"


async def test_a_publisher_that_cannot_be_reached_is_not_changed_to(follower: Follower, shelf: Shelf) -> None:
    spec = {"update_spec": {"subscription_info": {"subscription_url": shelf.publisher.uri("/nothing.json")}}}
    refused = await follower.app.refusal("PATCH", f"{LIBRARY}/id:{follower.library}", spec)
    assert refused[1] == "RESOURCE_INACCESSIBLE"
    assert (await follower.get())["subscription_info"]["subscription_url"] == shelf.url


async def test_a_password_in_the_address_is_kept_but_not_told(follower: Follower, shelf: Shelf) -> None:
    await update(follower, {"subscription_url": shelf.url.replace("://", "://robin:s3cret@")})
    told = (await follower.get())["subscription_info"]["subscription_url"]
    assert told == shelf.url.replace("://", "://robin@")
    shelf.publisher.asked.clear()
    await update(follower, {"subscription_url": told, "on_demand": False})
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert {each.headers.get("authorization") for each in shelf.publisher.asked} == {"Basic cm9iaW46czNjcmV0"}


async def test_name_and_description_are_our_own(follower: Follower, shelf: Shelf) -> None:
    shelf.asked()
    spec = {"update_spec": {"name": "ours", "description": "of our own", "version": "1"}}
    await follower.app.rest("PATCH", f"{LIBRARY}/id:{follower.library}", spec)
    found = await follower.get()
    assert (found["name"], found["description"], found["version"]) == ("ours", "of our own", "2")
    assert shelf.asked() == []
    refused = await follower.app.refusal("PATCH", f"{LIBRARY}/id:{follower.library}", spec)
    assert refused[1] == "CONCURRENT_CHANGE"


async def test_a_subscribed_library_takes_nothing_of_its_own(follower: Follower) -> None:
    app, item = follower.app, (await follower.items())["one"]["id"]
    new = {"create_spec": {"name": "own", "library_id": follower.library}}
    for method, target, body in (
        ("POST", "/library/item", new),
        ("PATCH", f"/library/item/id:{item}", {"update_spec": {"name": "own"}}),
        ("DELETE", f"/library/item/id:{item}", None),
        ("POST", "/library/item/update-session", {"create_spec": {"library_item_id": item}}),
        ("PATCH", f"/local-library/id:{follower.library}", {"update_spec": {"name": "own"}}),
        ("DELETE", f"/local-library/id:{follower.library}", None),
    ):
        status, kind, told = await app.refusal(method, target, body)
        assert (status, kind) == (400, "INVALID_ELEMENT_TYPE"), target
        assert "SUBSCRIBED" in told


async def test_local_libraries_are_not_synchronized(app: Whole) -> None:
    library = await app.library()
    item = await app.item("tiny", library)
    for method, target, body in (
        ("GET", f"{LIBRARY}/id:{library}", None),
        ("PATCH", f"{LIBRARY}/id:{library}", {"update_spec": {"name": "other"}}),
        ("DELETE", f"{LIBRARY}/id:{library}", None),
        ("POST", f"{LIBRARY}/id:{library}?~action=force-delete", None),
        ("POST", f"{LIBRARY}/id:{library}?~action=sync", None),
        ("POST", f"{LIBRARY}/id:{library}?~action=evict", None),
        ("POST", f"{ITEM}/id:{item}?~action=sync", {"force_sync_content": True}),
        ("POST", f"{ITEM}/id:{item}?~action=evict", None),
    ):
        status, kind, told = await app.refusal(method, target, body)
        assert (status, kind) == (400, "INVALID_ELEMENT_TYPE"), target
        assert "is LOCAL, not SUBSCRIBED" in told


async def test_what_is_not_there_is_not_found(app: Whole) -> None:
    for method, target, body in (
        ("GET", f"{LIBRARY}/id:gone", None),
        ("PATCH", f"{LIBRARY}/id:gone", {"update_spec": {"name": "other"}}),
        ("DELETE", f"{LIBRARY}/id:gone", None),
        ("POST", f"{LIBRARY}/id:gone?~action=force-delete", None),
        ("POST", f"{LIBRARY}/id:gone?~action=sync", None),
        ("POST", f"{LIBRARY}/id:gone?~action=evict", None),
        ("POST", f"{ITEM}/id:gone?~action=sync", {"force_sync_content": True}),
        ("POST", f"{ITEM}/id:gone?~action=evict", None),
    ):
        assert (await app.refusal(method, target, body))[:2] == (404, "NOT_FOUND"), target


@pytest.mark.parametrize("way", ["delete", "force-delete"])
async def test_a_deleted_library_is_gone_with_its_items(follower: Follower, way: str) -> None:
    target = f"{LIBRARY}/id:{follower.library}"
    item = (await follower.items())["one"]["id"]
    await (
        follower.app.rest("DELETE", target) if way == "delete" else follower.app.rest("POST", f"{target}?~action=force-delete")
    )
    assert await follower.app.rest("GET", LIBRARY) == []
    assert (await follower.app.refusal("GET", f"/library/item/id:{item}"))[1] == "NOT_FOUND"


async def test_only_content_that_comes_on_demand_is_evicted(follower: Follower) -> None:
    app, item = follower.app, (await follower.items())["one"]["id"]
    refused = await app.refusal("POST", f"{LIBRARY}/id:{follower.library}?~action=evict")
    assert refused[1] == "NOT_ALLOWED_IN_CURRENT_STATE"
    refused = await app.refusal("POST", f"{ITEM}/id:{item}?~action=evict")
    assert refused[1] == "INVALID_ELEMENT_CONFIGURATION"
    assert f"library {follower.library} always stores its content" in refused[2]


async def probe(app: Whole, info: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = await app.rest("POST", f"{LIBRARY}?~action=probe", {"subscription_info": info})
    return found


async def test_a_probe_tells_whether_a_library_could_be_followed(app: Whole, shelf: Shelf) -> None:
    assert await probe(app, subscription(shelf.url)) == {"status": "SUCCESS", "error_messages": []}
    found = await probe(app, subscription(shelf.publisher.uri("/nothing.json")))
    assert (found["status"], len(found["error_messages"])) == ("RESOURCE_NOT_FOUND", 1)  # type: ignore[arg-type]  # a list
    assert (await probe(app, {}))["status"] == "INVALID_URL"
    assert await app.rest("GET", LIBRARY) == []


async def test_a_library_of_this_server_is_followed_without_a_connection(app: Whole, clock: HandClock) -> None:
    source = await app.library("theirs", publish_info={"published": True, "authentication_method": "NONE"})
    await app.fill(await app.item("one", source), a_iso=b"first", b_iso=b"first")
    url = (await app.rest("GET", f"/local-library/id:{source}"))["publish_info"]["publish_url"]
    assert (await probe(app, subscription(url)))["status"] == "SUCCESS"
    follower = await Follower.new(app, clock, url)
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert await follower.content() == {"one": {"a.iso": b"first", "b.iso": b"first"}}
    assert len(stored(app.settings)) == 1
    assert (await follower.get())["subscription_info"] == subscription(url)
    item = (await follower.items())["one"]
    theirs = await app.rest("GET", f"/library/item/id:{item['source_id']}")
    for each in ("content_version", "metadata_version", "type", "size"):
        assert item[each] == theirs[each]


@pytest.mark.parametrize("rest", ["/items.json", "/lib.json/x", "/nothing", "x/lib.json"])
async def test_an_address_of_this_server_where_no_library_is_is_refused_as_any_other(app: Whole, rest: str) -> None:
    source = await app.library("theirs", publish_info={"published": True, "authentication_method": "NONE"})
    url = (await app.rest("GET", f"/local-library/id:{source}"))["publish_info"]["publish_url"].removesuffix("/lib.json")
    for right in ("", "/", "/lib.json"):
        assert (await probe(app, subscription(url + right)))["status"] == "SUCCESS"
    assert (await probe(app, subscription(url + rest)))["status"] == "RESOURCE_NOT_FOUND"
    status, kind, _ = await app.refusal("POST", LIBRARY, created(url + rest))
    assert (status, kind) == (400, "RESOURCE_INACCESSIBLE")


async def test_pins_of_a_subscription_to_this_server_are_checked(app: Whole, tmp_path: Path) -> None:
    own, other = certificates.make(tmp_path / "own.pem"), certificates.make(tmp_path / "other.pem")
    metadata = BACKEND.open_rows(app.settings.database_file)
    der = ssl.PEM_cert_to_DER_cert(own.pem)
    clock = SystemClock()
    readers = OwnReaders(Argon2Passwords(), SubscriberCredentials(metadata, clock), Contacts(metadata, clock))
    catalogs = OwnCatalogs(metadata, readers, cast(Any, None), der)
    source = await app.library("theirs", publish_info={"published": True, "authentication_method": "NONE"})
    url = f"https://lib.example/cls/vcsp/lib/{source}/lib.json"
    probes = OwnProbes(catalogs, cast(Any, None))
    pinned = Subscription(url, source=source)
    right = [
        pinned,
        replace(pinned, thumbprint=own.thumbprint("sha1")),
        replace(pinned, thumbprint=own.thumbprint("sha256")),
        replace(pinned, certificate=own.pem, thumbprint=other.thumbprint("sha1")),
        replace(pinned, url=url.replace("https:", "http:"), thumbprint=other.thumbprint("sha1")),
    ]
    assert {(await probes.probe(each)).status for each in right} == {ProbeStatus.SUCCESS}
    for wrong in (replace(pinned, thumbprint=other.thumbprint("sha1")), replace(pinned, certificate=other.pem)):
        found = await probes.probe(wrong)
        assert found.status is ProbeStatus.CERTIFICATE_ERROR
        assert (found.thumbprint or "").replace(":", "").lower() == own.thumbprint("sha1").lower()
        with pytest.raises(NotFetched, match="certificate of this server does not match the subscription"):
            await catalogs.read(wrong)
    await metadata.close()


async def test_a_probe_of_this_server_compares_the_certificate_that_it_shows(
    data_dir: Path, clock: HandClock, tmp_path: Path
) -> None:
    own, other = certificates.make(tmp_path / "own.pem"), certificates.make(tmp_path / "other.pem")
    shown = own.pem.encode("ascii")
    async with whole(data_dir, clock, shown, public_url="https://lib.example") as app:
        source = await app.library("theirs", publish_info={"published": True, "authentication_method": "NONE"})
        url = (await app.rest("GET", f"/local-library/id:{source}"))["publish_info"]["publish_url"]
        assert (await probe(app, subscription(url, ssl_thumbprint=own.thumbprint("sha1"))))["status"] == "SUCCESS"
        refused = await probe(app, subscription(url, ssl_thumbprint=other.thumbprint("sha1")))
    assert refused["status"] == "CERTIFICATE_ERROR"


async def test_the_password_of_a_library_of_this_server_is_wanted_too(app: Whole, clock: HandClock) -> None:
    info = {"published": True, "authentication_method": "BASIC", "password": "s3cret"}
    source = await app.library("theirs", publish_info=info)
    url = (await app.rest("GET", f"/local-library/id:{source}"))["publish_info"]["publish_url"]
    assert (await app.refusal("POST", LIBRARY, created(url)))[1] == "RESOURCE_INACCESSIBLE"
    basic = {"authentication_method": "BASIC", "user_name": "vcsp"}
    assert (await app.refusal("POST", LIBRARY, created(url, password="wrong", **basic)))[1] == "RESOURCE_INACCESSIBLE"
    follower = await Follower.new(app, clock, url, password="s3cret", **basic)
    assert (await follower.synced())["status"] == "SUCCEEDED"


async def test_what_a_library_follows_it_may_publish_again(app: Whole, clock: HandClock) -> None:
    """More than upstream does: so a library crosses several servers, each of which is asked only by the next."""
    open_to_all = {"published": True, "authentication_method": "NONE"}
    first = await app.library("first", publish_info=open_to_all)
    await app.fill(await app.item("one", first), a_iso=b"first")
    follower = await Follower.new(app, clock, (await app.rest("GET", f"/library/id:{first}"))["publish_info"]["publish_url"])
    assert (await follower.synced())["status"] == "SUCCEEDED"
    spec = {"update_spec": {"publish_info": open_to_all}}
    await app.rest("PATCH", f"{LIBRARY}/id:{follower.library}", spec)
    last = await Follower.new(app, clock, (await follower.get())["publish_info"]["publish_url"])
    assert (await last.synced())["status"] == "SUCCEEDED"
    for name in ("content_version", "metadata_version", "type"):
        assert (await last.items())["one"][name] == (await follower.items())["one"][name]
    await app.fill(str((await follower.items())["one"]["source_id"]), a_iso=b"second")
    for each in (follower, last):
        assert done(await each.sync())["fetched"] == 1
        assert await each.content() == {"one": {"a.iso": b"second"}}


# on demand


@pytest.fixture
async def demanding(app: Whole, clock: HandClock, shelf: Shelf) -> Follower:
    made = await Follower.new(app, clock, shelf.url, on_demand=True)
    assert (await made.synced())["status"] == "SUCCEEDED"
    return made


async def prepared(app: Whole, session: str, name: str) -> Any:
    """A file of a download session, when nothing more becomes of it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            target = f"/library/item/downloadsession/file/id:{session}?~action=get"
            found = await app.rest("POST", target, {"file_name": name})
            if found["status"] in ("PREPARED", "ERROR", "UNPREPARED"):
                return found
            await asyncio.sleep(0.01)


async def fetched(app: Whole, item: str) -> dict[str, bytes]:
    """The files of an item, as a client downloads them that waits for them to be prepared."""
    session = await app.download_session(item)
    files = await app.rest("GET", f"/library/item/downloadsession/file?download_session_id={session}")
    content = {}
    for name in [file["name"] for file in files]:
        await app.prepare(session, name)
        found = await prepared(app, session, name)
        assert found["status"] == "PREPARED", found
        answer = await app.client.get(found["download_endpoint"]["uri"], headers={TOKEN: ""})
        assert answer.status_code == 200
        content[name] = answer.content
    return content


async def test_items_on_demand_are_listed_with_files_that_are_not_here(demanding: Follower, shelf: Shelf) -> None:
    assert [path for path in shelf.asked() if path.endswith(".iso")] == []
    item = (await demanding.items())["one"]
    assert (item["cached"], item["size"], item["content_version"]) == (False, 0, "2")
    files = await demanding.app.rest("GET", f"/library/item/file?library_item_id={item['id']}")
    shown = [(file["name"], file["size"], file["cached"], "file_download_endpoint" in file) for file in files]
    assert shown == [("a.iso", 0, False, False), ("b.iso", 0, False, False)]
    places = await demanding.app.rest("GET", f"/library/item/storage?library_item_id={item['id']}")
    assert [(each["name"], each["size"], each["cached"], each["storage_uris"]) for each in places] == [
        ("a.iso", 0, False, []),
        ("b.iso", 0, False, []),
    ]
    find = {"spec": {"library_id": demanding.library, "cached": False}}
    assert len(await demanding.app.rest("POST", "/library/item?~action=find", find)) == 2


async def test_content_comes_when_it_is_wanted_and_only_then(demanding: Follower, shelf: Shelf) -> None:
    item = (await demanding.items())["one"]["id"]
    shelf.asked()
    assert await fetched(demanding.app, item) == {"a.iso": b"first", "b.iso": b"second"}
    await demanding.ended(item)
    assert sorted(path for path in shelf.asked() if path.endswith(".iso")) == ["/item1/a.iso", "/item1/b.iso"]
    now = await demanding.items()
    assert (now["one"]["cached"], now["one"]["size"], now["two"]["cached"]) == (True, 11, False)
    assert await fetched(demanding.app, item) == {"a.iso": b"first", "b.iso": b"second"}
    assert shelf.asked() == []


async def test_the_address_of_a_file_that_is_not_here_says_so(demanding: Follower) -> None:
    app, item = demanding.app, (await demanding.items())["one"]["id"]
    address = f"/cls/static/{demanding.library}/{item}/a.iso"
    answer = await app.client.get(address)
    told = f"content of library item {item} is not stored here; synchronize it with force_sync_content first\n"
    assert (answer.status_code, answer.text) == (409, told)
    await fetched(app, item)
    await demanding.ended(item)
    answer = await app.client.get(address)
    assert (answer.status_code, answer.content) == (200, b"first")


async def test_an_item_is_fetched_in_advance(demanding: Follower) -> None:
    item = (await demanding.items())["one"]["id"]
    target = f"{ITEM}/id:{item}?~action=sync"
    await demanding.app.rest("POST", target, {"force_sync_content": False})
    assert done(await demanding.ended(item))["fetched"] == 0
    await demanding.app.rest("POST", target, {"force_sync_content": True})
    task = await demanding.ended(item)
    assert (task["service"], done(task)["fetched"]) == ("com.vmware.content.library.subscribed_item", 1)
    assert (await demanding.items())["one"]["cached"]


async def test_an_item_that_comes_at_once_is_here_when_the_call_returns(demanding: Follower) -> None:
    """The sample of the official SDK looks at `cached` right after it."""
    item = (await demanding.items())["one"]["id"]
    await demanding.app.rest("POST", f"{ITEM}/id:{item}?~action=sync", {"force_sync_content": True})
    assert (await demanding.items())["one"]["cached"]


async def test_a_library_that_has_changed_little_has_when_the_call_returns(follower: Follower, shelf: Shelf) -> None:
    shelf.put("three", c_iso=b"new")
    await follower.app.rest("POST", f"{LIBRARY}/id:{follower.library}?~action=sync")
    assert set(await follower.items()) == {"one", "two", "three"}


async def test_an_item_that_takes_a_while_is_here_when_the_call_returns(demanding: Follower, shelf: Shelf) -> None:
    item = (await demanding.items())["one"]["id"]
    shelf.publisher.pause = 0.4
    await demanding.app.rest("POST", f"{ITEM}/id:{item}?~action=sync", {"force_sync_content": True})
    assert (await demanding.items())["one"]["cached"]


async def test_for_how_long_a_call_waits_is_a_setting(data_dir: Path, clock: HandClock, shelf: Shelf) -> None:
    async with whole(data_dir, clock, outbound_allow=ALLOW, sync_wait_seconds=0) as app:
        demanding = await Follower.new(app, clock, shelf.url, on_demand=True)
        await demanding.synced()
        item = (await demanding.items())["one"]["id"]
        shelf.publisher.stops["/item1/a.iso"] = 0
        await app.rest("POST", f"{ITEM}/id:{item}?~action=sync", {"force_sync_content": True})
        assert not (await demanding.items())["one"]["cached"]
        shelf.publisher.release()


async def refused_sync(follower: Follower) -> str:
    """What a sync is refused with, which the library tells too."""
    status, kind, why = await follower.app.refusal("POST", f"{LIBRARY}/id:{follower.library}?~action=sync")
    assert (status, kind) == (400, "RESOURCE_INACCESSIBLE")
    assert (await follower.get())["state_info"]["message"] == why
    return why


async def test_a_sync_says_that_the_publisher_has_no_library_there_any_more(follower: Follower, shelf: Shelf) -> None:
    lib = shelf.publisher.files.pop("/lib.json")
    assert "answered 404" in await refused_sync(follower)
    assert (await follower.synced())["status"] == "FAILED"
    shelf.publisher.files["/lib.json"] = lib
    await follower.app.rest("POST", f"{LIBRARY}/id:{follower.library}?~action=sync")
    assert (await follower.synced())["status"] == "SUCCEEDED"


async def test_a_sync_that_was_put_off_is_tried_again_before_it_is_answered(follower: Follower, shelf: Shelf) -> None:
    shelf.publisher.statuses["/lib.json"] = 503
    assert "answered 503" in await refused_sync(follower)
    del shelf.publisher.statuses["/lib.json"]
    await follower.app.rest("POST", f"{LIBRARY}/id:{follower.library}?~action=sync")
    assert (await follower.get())["state_info"] == {"state": "ACTIVE"}


@pytest.mark.parametrize("way", ["unpublished", "deleted"])
async def test_a_sync_says_that_a_library_of_this_server_is_not_published_any_more(
    app: Whole, clock: HandClock, way: str
) -> None:
    published = await app.library(publish_info={"published": True, "authentication_method": "NONE"})
    url = (await app.rest("GET", f"/local-library/id:{published}"))["publish_info"]["publish_url"]
    follower = await Follower.new(app, clock, url)
    await follower.synced()
    if way == "deleted":
        await app.rest("DELETE", f"/local-library/id:{published}")
    else:
        change = {"update_spec": {"publish_info": {"published": False, "authentication_method": "NONE"}}}
        await app.rest("PATCH", f"/local-library/id:{published}", change)
    assert "does not exist or is not published" in await refused_sync(follower)
    assert (await follower.synced())["status"] == "FAILED"


@pytest.mark.parametrize("whole_library", [False, True])
async def test_evicted_content_goes_and_comes_again(demanding: Follower, whole_library: bool) -> None:
    app, item = demanding.app, (await demanding.items())["one"]["id"]
    await fetched(app, item)
    await demanding.ended(item)
    running = await app.download_session(item)
    target = f"{LIBRARY}/id:{demanding.library}" if whole_library else f"{ITEM}/id:{item}"
    await app.rest("POST", f"{target}?~action=evict")
    now = (await demanding.items())["one"]
    assert (now["cached"], now["size"], now["id"]) == (False, 0, item)
    assert await app.read(running, "a.iso") == b"first"
    assert await fetched(app, item) == {"a.iso": b"first", "b.iso": b"second"}


async def test_a_file_that_does_not_come_says_so_where_it_is_wanted(demanding: Follower, shelf: Shelf) -> None:
    app, item = demanding.app, (await demanding.items())["one"]["id"]
    del shelf.publisher.files["/item1/b.iso"]
    session = await app.download_session(item)
    assert (await app.prepare(session, "b.iso"))["status"] in ("PREPARE_REQUESTED", "PREPARING", "ERROR")
    found = await prepared(app, session, "b.iso")
    assert found["status"] == "ERROR"
    assert "answered 404" in found["error_message"]["default_message"]
    assert not (await demanding.items())["one"]["cached"]


async def test_a_library_whose_content_is_kept_by_now_fetches_what_is_lacking(demanding: Follower) -> None:
    await update(demanding, {"on_demand": False})
    assert done(await demanding.synced())["fetched"] == 2
    assert (await demanding.content())["two"] == {"c.iso": b"third"}


async def test_content_that_is_not_here_is_not_copied(demanding: Follower) -> None:
    app, item = demanding.app, (await demanding.items())["one"]["id"]
    spec = {"destination_create_spec": {"library_id": await app.library("own"), "name": "copy"}}
    status, kind, told = await app.refusal("POST", f"/library/item/id:{item}?~action=copy", spec)
    assert (status, kind) == (400, "RESOURCE_INACCESSIBLE")
    assert "is not stored here; synchronize it with force_sync_content first" in told
    await fetched(app, item)
    await demanding.ended(item)
    copy = await app.rest("POST", f"/library/item/id:{item}?~action=copy", spec)
    assert await app.content(copy) == {"a.iso": b"first", "b.iso": b"second"}


# what is read while it comes

LARGE = bytes(range(256)) * 16384  # 4 MiB
LARGE_ISO = "/item3/large.iso"


@pytest.fixture
async def coming(demanding: Follower, shelf: Shelf) -> tuple[Whole, str, str]:
    """The application, and a download session with the address of a file of which the first bytes have come."""
    shelf.put("large", large_iso=LARGE)
    await demanding.sync()
    shelf.publisher.stops[LARGE_ISO] = 1 << 20
    app, item = demanding.app, (await demanding.items())["large"]["id"]
    session = await app.download_session(item)
    await app.prepare(session, "large.iso")
    found = await prepared(app, session, "large.iso")
    assert (found["status"], found["size"]) == ("PREPARED", len(LARGE))
    assert not (await demanding.items())["large"]["cached"]
    await until(lambda: sum(each.size() for each in unfinished(app.settings)) >= 1 << 20)
    return app, item, found["download_endpoint"]["uri"]


@pytest.mark.directories
async def test_a_file_is_read_while_it_comes(coming: tuple[Whole, str, str], shelf: Shelf) -> None:
    app, item, uri = coming
    reading = [asyncio.create_task(app.client.get(uri, headers={TOKEN: ""})) for _ in range(2)]
    _, waiting = await asyncio.wait(reading, timeout=0.3)
    assert waiting == set(reading)
    shelf.publisher.release()
    for answer in await asyncio.gather(*reading):
        assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(LARGE)))
        assert answer.content == LARGE
    assert [path for path in shelf.asked() if path == LARGE_ISO] == [LARGE_ISO]
    assert (await app.client.get(uri, headers={TOKEN: "", "range": "bytes=1-2"})).content == LARGE[1:3]
    assert (await app.rest("GET", f"/library/item/id:{item}"))["cached"]


@pytest.mark.directories
async def test_a_file_that_stops_to_come_is_no_whole_file_for_its_reader(coming: tuple[Whole, str, str], shelf: Shelf) -> None:
    app, _, uri = coming
    begun = asyncio.Event()

    async def receive() -> Message:
        await asyncio.Event().wait()  # a client that stays
        return {}

    async def send(_: Message) -> None:
        begun.set()

    path = urlsplit(uri).path
    request = scope(path=path, raw_path=path.encode(), headers=[("host", "lib.example")])
    reading = asyncio.create_task(app.application(request, receive, send))
    await begun.wait()
    shelf.publisher.statuses[LARGE_ISO] = 404
    shelf.publisher.drop_all()
    with pytest.raises(OSError, match=r"file 'large.iso' could not be sent after .* bytes: "):
        await reading


@pytest.mark.directories
async def test_a_reader_waits_over_a_broken_connection(coming: tuple[Whole, str, str], shelf: Shelf) -> None:
    app, _, uri = coming
    reading = asyncio.create_task(app.client.get(uri, headers={TOKEN: ""}))
    shelf.publisher.stops.clear()
    shelf.publisher.drop_all()
    answer = await reading
    assert answer.content == LARGE
    assert len([each for each in shelf.publisher.ranges_asked(LARGE_ISO) if each is not None]) == 1
