"""Named subscribers of a published library: their credentials, and what is known of what they have read."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from access.people import People
from backends import BACKEND
from contentlib.access.guessing import Rate
from contentlib.library.following.subscriber_credentials import LONGEST_OVERLAP, MOST_OF_LIBRARY
from contentlib.library.model import SubscriberCredential
from whole import TOKEN, HandClock, Whole, copied, told, whole

OPEN = {"published": True, "authentication_method": "NONE"}
LOCKED = {"published": True, "authentication_method": "BASIC", "password": "s3cret"}


class Site:
    """A published library with an item, its publisher, and its subscribers."""

    def __init__(self, app: Whole, library: str, item: str) -> None:
        self.app = app
        self.library = library
        self.item = item
        self.path = f"/api/contentlib/library/{library}/subscribers"

    async def add(self, name: str, **more: object) -> tuple[str, str]:
        """The identifier and the password of a new subscriber."""
        answer = await self.app.send("POST", self.path, {"name": name, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["subscriber"], answer.json()["password"]

    async def get(self, subscriber: str) -> Any:
        return (await self.app.send("GET", f"{self.path}/{subscriber}")).json()

    async def change(self, subscriber: str, **spec: object) -> None:
        assert (await self.app.send("PATCH", f"{self.path}/{subscriber}", spec)).status_code == 204

    async def read(self, password: str | None, href: str = "lib.json", user: str = "vcsp", **headers: str) -> httpx.Response:
        """What a subscriber with a password is answered."""
        if password is not None:
            headers["authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        return await self.app.client.get(f"/cls/vcsp/lib/{self.library}/{href}", headers={TOKEN: "", **headers})

    async def status(self, password: str | None, href: str = "lib.json") -> int:
        return (await self.read(password, href)).status_code


async def published(app: Whole, info: dict[str, object]) -> Site:
    library = await app.library(publish_info=info)
    item = await app.item("image", library)
    await app.fill(item, a_iso=b"content")
    return Site(app, library, item)


@pytest.fixture
async def site(app: Whole, no_delay: list[float]) -> Site:
    return await published(app, LOCKED)


@pytest.fixture
def no_delay(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What wrong passwords would have waited."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("contentlib.access.guessing.sleep", note)
    return waited


async def test_each_subscriber_reads_with_its_own_password_and_is_revoked_alone(site: Site) -> None:
    (first, one), (second, two) = await site.add("Oslo"), await site.add("Bergen")
    for password in (one, two, "s3cret"):
        for href in ("lib.json", "items.json", f"{site.item}/item.json", f"{site.item}/a.iso"):
            assert await site.status(password, href) == 200
    assert (await site.read(one, user="")).status_code == 200
    assert (await site.read(one, user="administrator")).status_code == 401
    await site.app.send("DELETE", f"{site.path}/{first}")
    assert [await site.status(each) for each in (one, two, "s3cret", None)] == [401, 200, 200, 401]
    await site.change(second, enabled=False)
    assert await site.status(two) == 401
    await site.change(second, enabled=True)
    assert await site.status(two) == 200


async def test_a_credential_is_one_of_its_library(site: Site) -> None:
    _, password = await site.add("Oslo")
    other = await published(site.app, LOCKED)
    assert await other.status(password) == 401
    subscriber, _ = await other.add("Oslo")
    for method, rest in (("GET", ""), ("PATCH", ""), ("POST", "?action=rotate"), ("DELETE", ""), ("GET", "/items")):
        answer = await site.app.send(method, f"{site.path}/{subscriber}{rest}", {} if method in ("PATCH", "POST") else None)
        assert told(answer) == (404, "NOT_FOUND", f"subscriber '{subscriber}' does not exist")


async def test_a_refused_holder_of_the_right_password_is_told_why_at_once(
    site: Site, clock: HandClock, no_delay: list[float]
) -> None:
    subscriber, password = await site.add("Oslo", expires="2023-11-14T22:14:20.000Z")
    clock.pass_seconds(60)
    answer = await site.read(password)
    assert (answer.status_code, answer.text) == (
        401,
        f"credential of subscriber 'Oslo' of library {site.library} has expired\n",
    )
    await site.change(subscriber, never_expires=True)
    assert await site.status(password) == 200
    await site.change(subscriber, enabled=False)
    assert (await site.read(password)).text == f"subscriber 'Oslo' of library {site.library} is disabled\n"
    assert no_delay == []


async def test_a_right_credential_is_checked_without_hashing_slowly(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _, password = await site.add("Oslo")

    async def verify(*_: object, **__: object) -> bool:
        raise AssertionError("hashed slowly")

    monkeypatch.setattr("contentlib.access.passwords.Argon2Passwords.verify", verify)
    assert await site.status(password) == 200


async def test_guesses_are_delayed_and_lock_out_no_subscriber(
    template: Path, tmp_path: Path, clock: HandClock, no_delay: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All from one address, as behind a proxy that does not tell them apart."""
    monkeypatch.setattr("contentlib.access.guessing.BY_ADDRESS", Rate(burst=3, seconds=30))
    async with whole(copied(template, tmp_path / "data"), clock) as app:
        site = await published(app, LOCKED)
        _, password = await site.add("Oslo")
        removed, guess = await site.add("Bergen")
        await app.send("DELETE", f"{site.path}/{removed}")
        assert [await site.status(each) for each in (guess, password[:-1], "x", "y")] == [401, 401, 401, 503]
        assert no_delay == [0.25, 0.5, 1.0]
        assert [await site.status(each) for each in (password, "s3cret", guess)] == [200, 503, 503]


async def test_many_guesses_at_the_same_time_do_not_delay_a_subscriber(site: Site, no_delay: list[float]) -> None:
    _, password = await site.add("Oslo")
    guesses = [asyncio.create_task(site.status(f"wrong {n}")) for n in range(20)]
    assert await site.status(password) == 200
    assert not all(each.done() for each in guesses)
    assert set(await asyncio.gather(*guesses)) <= {401, 503}


async def test_an_open_library_with_a_subscriber_requires_a_credential_and_stays_closed(
    app: Whole, no_delay: list[float]
) -> None:
    site = await published(app, OPEN)
    assert await site.status(None) == 200
    version = (await site.read(None)).json()["version"]
    subscriber, password = await site.add("Oslo")
    assert [await site.status(each) for each in (None, "", "x", password)] == [401, 401, 401, 200]
    assert (await site.read(password)).json()["version"] == version
    info = (await app.rest("GET", f"/local-library/id:{site.library}"))["publish_info"]
    assert (info["authentication_method"], info["user_name"]) == ("BASIC", "vcsp")
    await app.send("DELETE", f"{site.path}/{subscriber}")
    assert await site.status(None) == 401


async def test_a_library_with_subscribers_is_not_opened_in_passing(app: Whole, no_delay: list[float]) -> None:
    site = await published(app, OPEN)
    subscriber, password = await site.add("Oslo")
    update = f"/api/content/local-library/{site.library}"
    refused = told(await app.send("PATCH", update, {"publish_info": OPEN}))
    reason = f"library {site.library} has subscribers with credentials"
    text = f"update_spec.publish_info.authentication_method cannot be NONE: {reason}"
    assert refused == (400, "INVALID_ARGUMENT", text)
    for change in ({"published": False}, {"published": True}, {"persist_json_enabled": False}):
        assert (await app.send("PATCH", update, {"publish_info": change})).status_code == 204
    assert [await site.status(each) for each in (None, password)] == [401, 200]
    await app.send("DELETE", f"{site.path}/{subscriber}")
    assert (await app.send("PATCH", update, {"publish_info": OPEN})).status_code == 204
    assert await site.status(None) == 200


async def test_a_password_of_the_library_can_be_set_beside_the_credentials(app: Whole, no_delay: list[float]) -> None:
    site = await published(app, OPEN)
    _, password = await site.add("Oslo")
    update = f"/api/content/local-library/{site.library}"
    assert (await app.send("PATCH", update, {"publish_info": LOCKED})).status_code == 204
    assert [await site.status(each) for each in (password, "s3cret", "other")] == [200, 200, 401]


async def test_a_password_is_rotated_with_and_without_an_overlap(site: Site, clock: HandClock) -> None:
    subscriber, first = await site.add("Oslo")
    rotate = f"{site.path}/{subscriber}?action=rotate"
    second = (await site.app.send("POST", rotate, {"overlap_seconds": 60})).json()
    assert [await site.status(each) for each in (first, second)] == [200, 200]
    assert (await site.get(subscriber))["former_expires"] == "2023-11-14T22:14:20.000Z"
    clock.pass_seconds(60)
    assert [await site.status(each) for each in (first, second)] == [401, 200]
    third = (await site.app.send("POST", rotate, {})).json()
    assert [await site.status(each) for each in (first, second, third)] == [401, 401, 200]
    refused = told(await site.app.send("POST", rotate, {"overlap_seconds": LONGEST_OVERLAP + 1}))
    assert refused[:2] == (400, "INVALID_ARGUMENT")


async def test_a_password_is_kept_nowhere(site: Site) -> None:
    _, password = await site.add("Oslo")
    database = site.app.settings.database_file
    kept = b"".join(each.read_bytes() for each in database.parent.glob("contentlib.db*"))
    assert password.encode() not in kept
    assert password[16:30].encode() not in kept
    assert password not in (await site.app.send("GET", site.path)).text


async def test_names_are_unique_in_a_library_and_expiry_is_in_the_future(site: Site) -> None:
    subscriber, _ = await site.add("Oslo")
    other, _ = await site.add("Bergen")
    taken = (400, "ALREADY_EXISTS", f"library {site.library} already has a subscriber named 'OSLO'")
    assert told(await site.app.send("POST", site.path, {"name": "OSLO"})) == taken
    assert told(await site.app.send("PATCH", f"{site.path}/{other}", {"name": "OSLO"})) == taken
    await site.change(subscriber, name="OSLO")
    past = "2023-11-14T22:13:20.000Z"
    refused = (400, "INVALID_ARGUMENT", "spec.expires must be in the future")
    assert told(await site.app.send("POST", site.path, {"name": "new", "expires": past})) == refused
    assert told(await site.app.send("PATCH", f"{site.path}/{other}", {"expires": past})) == refused
    both = {"expires": "2033-01-01T00:00:00.000Z", "never_expires": True}
    assert told(await site.app.send("PATCH", f"{site.path}/{other}", both))[:2] == (400, "INVALID_ARGUMENT")


async def test_only_a_published_library_gets_subscribers_and_only_so_many(site: Site) -> None:
    unpublished = await site.app.library()
    answer = await site.app.send("POST", f"/api/contentlib/library/{unpublished}/subscribers", {"name": "Oslo"})
    assert told(answer) == (400, "NOT_ALLOWED_IN_CURRENT_STATE", f"library {unpublished} is not published")
    metadata = BACKEND.open_rows(site.app.settings.database_file)
    async with metadata.transaction(durable=False) as rows:
        for n in range(MOST_OF_LIBRARY):
            await rows.subscriber_credentials.add(SubscriberCredential(str(n), site.library, str(n), str(n), "", n))
    await metadata.close()
    answer = await site.app.send("POST", site.path, {"name": "Oslo"})
    assert told(answer)[:2] == (400, "NOT_ALLOWED_IN_CURRENT_STATE")


async def test_a_library_that_is_deleted_admits_nobody_until_it_is_restored(site: Site) -> None:
    _, password = await site.add("Oslo")
    await site.app.send("DELETE", f"/api/content/library/{site.library}")
    assert await site.status(password) == 404
    await site.app.send("POST", f"/api/contentlib/library/trash/{site.library}?action=restore")
    assert await site.status(password) == 200


# what was read


async def test_a_subscriber_is_seen_behind_and_up_to_date(site: Site, clock: HandClock) -> None:
    subscriber, password = await site.add("Oslo")
    assert (await site.get(subscriber))["state"] == "NEVER_SEEN"
    await site.read(password)
    info = await site.get(subscriber)
    assert (info["state"], "version" in info["reading"]) == ("BEHIND", False)
    clock.pass_seconds(5)
    version = (await site.read(password)).json()["version"]
    await site.read(password, "items.json")
    info = await site.get(subscriber)
    assert info["state"] == "UP_TO_DATE"
    assert info["reading"] == {
        "first_time": "2023-11-14T22:13:20.000Z",
        "last_time": "2023-11-14T22:13:25.000Z",
        "last_address": "192.0.2.7",
        "version": version,
        "version_time": "2023-11-14T22:13:25.000Z",
        "versions_behind": 0,
    }
    await site.app.fill(site.item, a_iso=b"newer")
    behind = int((await site.read(password)).json()["version"]) - int(version)
    info = await site.get(subscriber)
    assert (info["state"], info["reading"]["versions_behind"], info["reading"]["version"]) == ("BEHIND", behind, version)


async def test_an_unchanged_list_counts_as_read(site: Site) -> None:
    subscriber, password = await site.add("Oslo")
    tag = (await site.read(password, "items.json")).headers["etag"]
    await site.app.send("PATCH", f"/api/content/local-library/{site.library}", {"description": "changes no item"})
    assert (await site.read(password, "items.json", **{"if-none-match": tag})).status_code == 304
    assert (await site.get(subscriber))["state"] == "UP_TO_DATE"


async def test_the_items_that_a_subscriber_has_fetched_are_listed_with_their_versions(site: Site, clock: HandClock) -> None:
    subscriber, password = await site.add("Oslo")
    _, other = await site.add("Bergen")
    await site.read(password, f"{site.item}/a.iso", range="bytes=0-1")
    await site.read(other, f"{site.item}/none.iso")
    before = await _items(site, subscriber)
    await site.app.fill(site.item, a_iso=b"newer")
    assert before == [{"item": site.item, "version": "2", "current_version": "2", "time": "2023-11-14T22:13:20.000Z"}]
    assert (await _items(site, subscriber))[0]["current_version"] == "3"
    await site.read(password, f"{site.item}/a.iso")
    assert (await _items(site, subscriber))[0]["version"] == "3"
    await site.app.send("DELETE", f"/api/content/library/item/{site.item}")
    assert await _items(site, subscriber) == []


async def _items(site: Site, subscriber: str) -> Any:
    return (await site.app.send("GET", f"{site.path}/{subscriber}/items")).json()


async def test_readers_without_a_credential_are_known_by_their_address(site: Site) -> None:
    await site.read("s3cret", "items.json")
    await site.read("wrong", "items.json")
    (found,) = (await site.app.send("GET", f"/api/contentlib/library/{site.library}/unnamed-subscribers")).json()
    assert (found["state"], found["reading"]["last_address"]) == ("UP_TO_DATE", "192.0.2.7")


@pytest.fixture
async def restarting(template: Path, tmp_path: Path, no_delay: list[float]) -> AsyncIterator[Path]:
    yield copied(template, tmp_path / "data")


async def test_what_was_read_is_kept_over_a_restart_and_versions_have_the_floor(restarting: Path, clock: HandClock) -> None:
    async with whole(restarting, clock, published_version_floor=500) as app:
        site = await published(app, LOCKED)
        subscriber, password = await site.add("Oslo")
        version = (await site.read(password)).json()["version"]
        await site.read(password, "items.json")
        await site.read(password, f"{site.item}/a.iso")
        seen, items = await site.get(subscriber), await _items(site, subscriber)
        assert seen["reading"]["version"] == version
        assert int(version) > 500
    async with whole(restarting, clock, published_version_floor=500) as app:
        again = Site(app, site.library, site.item)
        assert await again.get(subscriber) == seen
        assert await _items(again, subscriber) == items
        assert await again.status(password) == 200


async def test_a_subscriber_that_is_removed_leaves_no_record(site: Site) -> None:
    subscriber, password = await site.add("Oslo")
    await site.read(password, "items.json")
    await site.app.send("DELETE", f"{site.path}/{subscriber}")
    assert (await site.app.send("GET", site.path)).json() == []
    unnamed = await site.app.send("GET", f"/api/contentlib/library/{site.library}/unnamed-subscribers")
    assert unnamed.json() == []


# who may ask


async def test_who_reads_a_library_is_seen_by_those_who_may_see_permissions(site: Site) -> None:
    people = People(site.app)
    await people.done("POST", "/users", {"name": "robin"})
    _, secret = await people.token("robin@vsphere.local")
    subscriber, _ = await site.add("Oslo")
    calls: list[tuple[str, str, object]] = [
        ("GET", "", None),
        ("GET", f"/{subscriber}", None),
        ("GET", f"/{subscriber}/items", None),
        ("PATCH", f"/{subscriber}", {"enabled": True}),
        ("POST", f"/{subscriber}?action=rotate", {}),
        ("POST", "", {"name": "new"}),
        ("DELETE", f"/{subscriber}", None),
    ]
    for role, expected in (
        (None, [404] * 7),
        ("Content publisher", [403] * 7),
        ("Auditor", [200] * 3 + [403] * 4),
        ("Content library administrator", [200, 200, 200, 204, 200, 201, 204]),
    ):
        if role is not None:
            await people.permit("robin@vsphere.local", role, site.library)
        answers = [await people.as_user(method, site.path + rest, secret, body) for method, rest, body in calls]
        assert [each.status_code for each in answers] == expected, role


# subscribed libraries on the same server


async def test_a_subscribed_library_on_the_same_server_uses_a_credential(site: Site) -> None:
    subscriber, password = await site.add("copy")
    url = (await site.app.rest("GET", f"/local-library/id:{site.library}"))["publish_info"]["publish_url"]
    info = {"subscription_url": url, "authentication_method": "BASIC", "on_demand": False, "automatic_sync_enabled": False}
    spec = {"name": "copy", "subscription_info": {**info, "password": password}}
    assert (await site.app.send("POST", "/api/content/subscribed-library", spec)).status_code == 201
    async with asyncio.timeout(30):
        while (found := await site.get(subscriber))["state"] != "UP_TO_DATE":  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    assert found["reading"]["last_address"] == "this server"
    await site.change(subscriber, enabled=False)
    probe = {"subscription_info": {**info, "password": password}}
    answer = (await site.app.send("POST", "/api/content/subscribed-library?action=probe", probe)).json()
    assert answer["status"] == "INVALID_CREDENTIALS"
    assert "is disabled" in answer["error_messages"][0]["default_message"]
