"""The checklist of a publisher that subscribers can follow, each point a test."""

from __future__ import annotations

import asyncio
import html
import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from backends import stored
from contentlib.access.guessing import Rate
from packages import archive, package
from whole import HOST, TOKEN, HandClock, Whole, whole

NAMES = ["plain.iso", "with space.iso", "a+b.iso", "100%.iso", "hash#1.iso", "é日.iso", "a;b=c.iso"]
OPEN = {"published": True, "authentication_method": "NONE"}
LOCKED = {"published": True, "authentication_method": "BASIC", "password": "s3cret"}


class Reader:
    """A subscriber that knows nothing but the address of a library."""

    def __init__(self, app: Whole, url: str) -> None:
        self._app = app
        self.url = url

    async def get(self, href: str = "", method: str = "GET", **headers: str) -> httpx.Response:
        """What is found at a reference."""
        return await self._app.client.request(method, urljoin(self.url, href), headers={TOKEN: "", **headers})

    async def document(self, href: str = "") -> Any:
        """The document at a reference."""
        answer = await self.get(href)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    async def items(self) -> dict[str, Any]:
        """The items, by name, as `lib.json` leads to them."""
        found = (await self.document((await self.document())["itemsHref"]))["items"]
        return {each["name"]: each for each in found}


async def published(app: Whole, info: dict[str, object] = OPEN) -> tuple[str, Reader]:
    """A published library, and a reader of it."""
    library = await app.library("lab-images", publish_info=info)
    url = (await app.rest("GET", f"/local-library/id:{library}"))["publish_info"]["publish_url"]
    return library, Reader(app, url)


def number(text: object) -> int:
    """The number that a version is."""
    assert isinstance(text, str)
    assert re.fullmatch(r"[0-9]{1,19}", text)
    assert int(text) < 2**63
    return int(text)


async def test_the_document_of_a_library_has_every_field_with_its_type(app: Whole) -> None:
    """Checklist 1, 23."""
    library, reader = await published(app)
    assert urlsplit(reader.url).path == f"/cls/vcsp/lib/{library}/lib.json"
    assert await reader.document() == {
        "vcspVersion": "2",
        "version": "1",
        "contentVersion": "1",
        "name": "lab-images",
        "description": "",
        "id": f"urn:uuid:{library}",
        "created": "2023-11-14T22:13:20.000Z",
        "selfHref": "lib.json",
        "capabilities": {"transferIn": ["httpGet"], "transferOut": ["httpGet"]},
        "itemsHref": "items.json",
    }
    assert await reader.document(f"/cls/vcsp/lib/{library}") == await reader.document()
    assert await reader.document(f"/cls/vcsp/lib/{library}") == await reader.document()
    assert await reader.document("items.json") == {"items": []}


async def test_every_item_stands_in_both_documents_alike(app: Whole) -> None:
    """Checklist 3, 5."""
    library, reader = await published(app)
    await app.fill(await app.item("Debian", library, description="a disk"), netinst_iso=b"x" * 70)
    (item,) = (await reader.items()).values()
    assert await reader.document(item["selfHref"]) == item
    assert (item["type"], item["description"], item["properties"]) == ("vcsp.iso", "a disk", {})
    (file,) = item["files"]
    assert (file["name"], file["size"]) == ("netinst.iso", 70)
    assert isinstance(file["generationNum"], int)
    assert number(file["etag"])
    assert (number(item["version"]), number(item["contentVersion"])) == (2, 2)


async def test_names_of_files_survive_their_references(app: Whole) -> None:
    """Checklist 7, 15."""
    library, reader = await published(app)
    item = await app.item("odd", library)
    session = await app.session(item)
    for name in NAMES:
        assert (await app.push(session, name, name.encode())).status_code == 200
    await app.complete(session)
    files = (await reader.items())["odd"]["files"]
    assert [file["name"] for file in files] == NAMES
    for file in files:
        (href,) = file["hrefs"]
        answer = await reader.get(href)
        assert (answer.status_code, answer.content) == (200, file["name"].encode())
        assert answer.headers["content-length"] == str(file["size"])
        assert "content-encoding" not in answer.headers


async def test_items_are_there_without_content_and_uploads_that_go_on_are_not(app: Whole) -> None:
    """Checklist 22."""
    library, reader = await published(app)
    item = await app.item("draft", library)
    before = (await reader.document())["version"]
    session = await app.session(item)
    await app.push(session, "a.iso", b"x")
    assert (await reader.items())["draft"]["files"] == []
    assert (await reader.document())["version"] == before
    await app.complete(session)
    assert [each["name"] for each in (await reader.items())["draft"]["files"]] == ["a.iso"]
    assert (await reader.document())["version"] > before


async def test_an_archive_is_published_unpacked_with_its_manifest(app: Whole) -> None:
    """Checklist 4, 5, 8."""
    library, reader = await published(app)
    item = await app.item("tiny", library)
    session = await app.session(item)
    assert (await app.push(session, "tiny.ova", archive(package()))).status_code == 200
    await app.complete(session)
    found = (await reader.items())["tiny"]
    assert found["type"] == "vcsp.ovf"
    assert {file["name"] for file in found["files"]} == set(package())
    for file in found["files"]:
        assert (await reader.get(file["hrefs"][0])).content == package()[file["name"]]
    assert len({file["etag"] for file in found["files"]}) == 1


async def test_names_are_unique_and_short(app: Whole) -> None:
    """Checklist 4."""
    library, reader = await published(app)
    for name in ("a" * 80, "b"):
        await app.fill(await app.item(name, library), a_iso=b"a")
    for name in ("a" * 81, "a" * 80, "A" * 80, "B"):
        status, _, _ = await app.refusal(
            "POST", "/library/item", {"create_spec": {"name": name, "library_id": library, "type": "iso"}}
        )
        assert status == 400
    assert sorted(await reader.items()) == ["a" * 80, "b"]


@pytest.mark.parametrize("collection", [False, True])
async def test_a_package_says_whether_it_is_a_vapp(app: Whole, collection: bool) -> None:
    """Checklist 6."""
    library, reader = await published(app)
    inside = b"<VirtualSystemCollection/>" if collection else b"<VirtualSystem/>"
    await app.fill(await app.item("tiny", library), a_ovf=b"<Envelope>" + inside + b"</Envelope>")
    item = (await reader.items())["tiny"]
    (metadata,) = item["metadata"]
    assert (metadata["key"], metadata["type"], metadata["domain"]) == ("type-metadata", "String", "SYSTEM")
    value = httpx.Response(200, text=metadata["value"]).json()
    assert value["isVappTemplate"] == ("true" if collection else "false")
    assert (value["id"], value["version"], value["libraryIdParent"]) == (item["id"], item["version"], f"urn:uuid:{library}")


async def test_where_nothing_changes_no_byte_changes(app: Whole, data_dir: Path, clock: HandClock) -> None:
    """Checklist 2, 9."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"x")
    before = [(await reader.get(href)).content for href in ("", "items.json")]
    await app.rest("PATCH", f"/library/item/id:{item}", {"update_spec": {"name": "a", "description": ""}})
    session = await app.session(item)
    await app.rest("POST", f"/library/item/update-session/id:{session}?~action=cancel")
    assert [(await reader.get(href)).content for href in ("", "items.json")] == before
    async with whole(data_dir, clock) as again:
        other = Reader(again, reader.url)
        assert [(await other.get(href)).content for href in ("", "items.json")] == before


async def test_a_file_that_was_gone_for_a_moment_comes_back_as_another_content(app: Whole) -> None:
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"old", b_iso=b"same")
    old = (await reader.items())["a"]
    session = await app.session(item)
    await app.rest("POST", f"/library/item/updatesession/file/id:{session}?~action=remove", {"file_name": "a.iso"})
    await app.complete(session)
    await app.fill(item, a_iso=b"new")
    before, after = ({file["name"]: file for file in each["files"]} for each in (old, (await reader.items())["a"]))
    assert after["a.iso"]["generationNum"] > before["a.iso"]["generationNum"]


async def test_contents_that_follow_within_a_second_have_each_a_generation_of_their_own(app: Whole) -> None:
    """Checklist 10: whoever has seen one of them would take another one for it."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, b_iso=b"same")
    seen = []
    for data in (b"1", b"2", b"3", None, b"4"):
        if data is None:
            session = await app.session(item)
            await app.rest("POST", f"/library/item/updatesession/file/id:{session}?~action=remove", {"file_name": "a.iso"})
            await app.complete(session)
        else:
            await app.fill(item, a_iso=data)
            files = {file["name"]: file["generationNum"] for file in (await reader.items())["a"]["files"]}
            seen.append(files["a.iso"])
    assert seen == sorted(set(seen))


async def test_a_file_that_was_touched_is_the_same(app: Whole) -> None:
    """Checklist 9."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"x")
    before = [(await reader.get(href)).content for href in ("", "items.json", f"{item}/a.iso")]
    (blob,) = stored(app.settings)
    os.utime(blob.path, (1, 1))
    assert [(await reader.get(href)).content for href in ("", "items.json", f"{item}/a.iso")] == before


async def test_new_bytes_raise_what_they_must_and_nothing_else(app: Whole, clock: HandClock) -> None:
    """Checklist 10."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"old", b_iso=b"same")
    old, old_lib = (await reader.items())["a"], await reader.document()
    await app.fill(item, a_iso=b"new")
    new, new_lib = (await reader.items())["a"], await reader.document()
    before, after = ({file["name"]: file for file in each["files"]} for each in (old, new))
    assert after["a.iso"]["generationNum"] > before["a.iso"]["generationNum"]
    assert after["b.iso"]["generationNum"] == before["b.iso"]["generationNum"]
    assert number(after["a.iso"]["etag"]) > number(before["a.iso"]["etag"])
    assert [number(new[each]) - number(old[each]) for each in ("version", "contentVersion")] == [1, 1]
    assert number(new_lib["version"]) > number(old_lib["version"])
    assert (new["id"], new_lib["id"]) == (old["id"], old_lib["id"])


async def test_a_removed_file_moves_the_item(app: Whole) -> None:
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"a", b_iso=b"b")
    old = (await reader.items())["a"]
    session = await app.session(item)
    await app.rest("POST", f"/library/item/updatesession/file/id:{session}?~action=remove", {"file_name": "b.iso"})
    await app.complete(session)
    new = (await reader.items())["a"]
    assert [file["name"] for file in new["files"]] == ["a.iso"]
    assert number(new["files"][0]["etag"]) > number(old["files"][0]["etag"])
    assert number(new["version"]) > number(old["version"])


async def test_a_new_description_raises_versions_and_leaves_the_files(app: Whole) -> None:
    """Checklist 11."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"a")
    old, old_lib = (await reader.items())["a"], await reader.document()
    await app.rest("PATCH", f"/library/item/id:{item}", {"update_spec": {"description": "new"}})
    new, new_lib = (await reader.items())["a"], await reader.document()
    assert (new["files"], new["contentVersion"], new["id"]) == (old["files"], old["contentVersion"], old["id"])
    assert number(new["version"]) > number(old["version"])
    assert number(new_lib["version"]) > number(old_lib["version"])


async def test_items_that_come_and_go_raise_the_library_alone(app: Whole) -> None:
    """Checklist 12."""
    library, reader = await published(app)
    await app.fill(await app.item("a", library), a_iso=b"a")
    versions, first = [number((await reader.document())["version"])], (await reader.items())["a"]
    other = await app.item("b", library)
    await app.fill(other, b_iso=b"b")
    versions.append(number((await reader.document())["version"]))
    await app.rest("DELETE", f"/library/item/id:{other}")
    versions.append(number((await reader.document())["version"]))
    copy = {"destination_create_spec": {"name": "c", "library_id": library}}
    await app.rest("POST", f"/library/item/id:{first['id'].removeprefix('urn:uuid:')}?~action=copy", copy)
    versions.append(number((await reader.document())["version"]))
    await app.rest("PATCH", f"/local-library/id:{library}", {"update_spec": {"name": "other"}})
    versions.append(number((await reader.document())["version"]))
    assert versions == sorted(set(versions))
    assert (await reader.items())["a"] == first


async def test_a_floor_raises_every_version(app: Whole, data_dir: Path, clock: HandClock) -> None:
    """Checklist 13."""
    library, reader = await published(app)
    await app.fill(await app.item("a", library), a_iso=b"a")
    old, old_lib = (await reader.items())["a"], await reader.document()
    async with whole(data_dir, clock, published_version_floor=1000) as restored:
        other = Reader(restored, reader.url)
        new, new_lib = (await other.items())["a"], await other.document()
    assert number(new_lib["version"]) == number(old_lib["version"]) + 1000
    assert [number(new[each]) - number(old[each]) for each in ("version", "contentVersion")] == [1000, 1000]
    assert new["files"][0]["generationNum"] == old["files"][0]["generationNum"] + 1000


async def test_after_a_restore_with_a_floor_nothing_that_was_seen_is_higher(
    app: Whole, data_dir: Path, clock: HandClock, tmp_path: Path
) -> None:
    """Checklist 2, 13: the backup is older than what subscribers have seen."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"a")
    backup = tmp_path / "backup"
    backup.mkdir()
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as database:
        database.execute("VACUUM INTO ?", [str(backup / "contentlib.db")])
    shutil.copytree(data_dir / "storage", backup / "storage")
    shutil.copy(data_dir / "transfer.key", backup)
    for n in range(5):
        await app.fill(item, a_iso=b"%d" % n)
    seen, seen_lib = (await reader.items())["a"], await reader.document()
    async with whole(backup, clock, published_version_floor=100) as restored:
        other = Reader(restored, reader.url)
        found, lib = (await other.items())["a"], await other.document()
        assert (found["id"], lib["id"]) == (seen["id"], seen_lib["id"])
        assert number(lib["version"]) > number(seen_lib["version"])
        assert all(number(found[each]) > number(seen[each]) for each in ("version", "contentVersion"))
        assert found["files"][0]["generationNum"] > seen["files"][0]["generationNum"]
        assert number(found["files"][0]["etag"]) > number(seen["files"][0]["etag"])


@pytest.mark.parametrize("href", ["", "items.json", "ITEM/item.json", "ITEM/a.iso"])
async def test_head_is_get_without_the_bytes(app: Whole, href: str) -> None:
    """Checklist 15."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"x" * 9)
    target = href.replace("ITEM", item)
    got, head = await reader.get(target), await reader.get(target, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, "x-request-id": ""} == {**got.headers, "x-request-id": ""}


async def test_a_document_that_is_known_is_not_sent_again(app: Whole) -> None:
    """Checklist 16."""
    library, reader = await published(app)
    await app.fill(await app.item("a", library), a_iso=b"a")
    first = await reader.get("items.json")
    assert first.headers["cache-control"] == "no-cache"
    again = await reader.get("items.json", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await app.fill(await app.item("b", library), b_iso=b"b")
    assert (await reader.get("items.json", **{"if-none-match": first.headers["etag"]})).status_code == 200


async def test_a_file_that_is_known_is_not_sent_again(app: Whole) -> None:
    """Checklist 16."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"0123456789")
    first = (await reader.get(f"{item}/a.iso")).headers
    for condition in ({"if-none-match": first["etag"]}, {"if-modified-since": first["last-modified"]}):
        again = await reader.get(f"{item}/a.iso", **condition)
        assert (again.status_code, again.content) == (304, b"")
    earlier = {"if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"}
    assert (await reader.get(f"{item}/a.iso", **earlier)).status_code == 200
    part = {"range": "bytes=2-4", "if-range": '"another"'}
    assert (await reader.get(f"{item}/a.iso", **part)).content == b"0123456789"


async def test_a_part_of_a_file_is_read(app: Whole) -> None:
    """Checklist 16."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"0123456789")
    part = await reader.get(f"{item}/a.iso", range="bytes=2-4")
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert (await reader.get(f"{item}/a.iso", range="bytes=10-")).status_code == 416


async def test_readers_of_a_changing_library_find_what_they_were_told(app: Whole) -> None:
    """Checklist 17."""
    library, reader = await published(app)
    items = [await app.item(f"item-{n}", library) for n in range(3)]
    for item in items:
        await app.fill(item, a_iso=b"0")
    over = asyncio.Event()

    async def change() -> None:
        for n in range(1, 13):
            await app.fill(items[n % 3], a_iso=b"x" * n)
        over.set()

    changing = asyncio.create_task(change())
    while not over.is_set():
        seen = number((await reader.document())["version"])
        found = await reader.items()
        assert number((await reader.document())["version"]) >= seen
        for each in found.values():
            assert (await reader.get(each["files"][0]["hrefs"][0])).status_code == 200
    await changing


async def credentials(reader: Reader, href: str, auth: tuple[str, str] | None) -> httpx.Response:
    if auth is None:
        return await reader.get(href)
    request = next(httpx.BasicAuth(*auth).auth_flow(httpx.Request("GET", HOST)))
    return await reader.get(href, authorization=request.headers["authorization"])


@pytest.mark.parametrize("href", ["", "items.json", "ITEM/item.json", "ITEM/a.iso"])
async def test_a_password_is_wanted_for_documents_and_files(app: Whole, href: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checklist 20."""
    record_sleeps(monkeypatch, [])
    library, reader = await published(app, LOCKED)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"x")
    target = href.replace("ITEM", item)
    for wrong in (None, ("vcsp", "wrong"), ("somebody", "s3cret"), ("vcsp", "")):
        answer = await credentials(reader, target, wrong)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith('Basic realm="')
    for right in (("vcsp", "s3cret"), ("", "s3cret"), ("vcsp", "s3cret")):
        assert (await credentials(reader, target, right)).status_code == 200


def record_sleeps(monkeypatch: pytest.MonkeyPatch, waited: list[float]) -> None:
    """Waiting costs these tests no time; what would have been waited is noted."""

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("contentlib.access.guessing.sleep", note)


async def test_guesses_wait_longer_each_time_and_keep_no_other_library_waiting(
    app: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    record_sleeps(monkeypatch, waited)
    _, reader = await published(app, LOCKED)
    for guess in ("one", "two", "three"):
        assert (await credentials(reader, "", ("vcsp", guess))).status_code == 401
    assert waited == [0.25, 0.5, 1.0]
    library = await app.library("other", publish_info=LOCKED)
    other = Reader(app, (await app.rest("GET", f"/local-library/id:{library}"))["publish_info"]["publish_url"])
    await credentials(other, "", ("vcsp", "wrong"))
    assert waited[3:] == [0.25]


async def test_an_address_with_too_many_guesses_is_refused_and_logins_are_not(
    data_dir: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contentlib.access.guessing.BY_ADDRESS", Rate(burst=1, seconds=30))
    record_sleeps(monkeypatch, [])
    async with whole(data_dir, clock) as app:
        _, reader = await published(app, LOCKED)
        assert (await credentials(reader, "", ("vcsp", "wrong"))).status_code == 401
        answer = await credentials(reader, "", ("vcsp", "s3cret"))
        assert answer.status_code == 503
        assert (
            answer.text == f"too many wrong passwords from this address; try again in {answer.headers['retry-after']} seconds\n"
        )
        assert (await app.login()).status_code == 200


async def test_a_changed_password_is_in_force_at_once(app: Whole) -> None:
    library, reader = await published(app, LOCKED)
    assert (await credentials(reader, "", ("vcsp", "s3cret"))).status_code == 200
    change = {"publish_info": {"password": "n3w", "current_password": "s3cret"}}
    await app.rest("PATCH", f"/local-library/id:{library}", {"update_spec": change})
    assert (await credentials(reader, "", ("vcsp", "s3cret"))).status_code == 401
    assert (await credentials(reader, "", ("vcsp", "n3w"))).status_code == 200


async def test_what_is_not_published_is_not_there(app: Whole) -> None:
    """Checklist 22."""
    library, reader = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"a")
    private = await app.item("b")
    await app.fill(private, b_iso=b"b")
    for href in (
        "nothing.json",
        f"{item}/b.iso",
        f"{private}/b.iso",
        f"{private}/item.json",
        f"{item}/x/y",
        "../../lib/nobody/lib.json",
    ):
        assert (await reader.get(href)).status_code == 404
    await app.rest("PATCH", f"/local-library/id:{library}", {"update_spec": {"publish_info": {"published": False}}})
    for href in ("", "items.json", f"{item}/a.iso"):
        assert (await reader.get(href)).status_code == 404


@pytest.mark.parametrize("name", ["%2e%2e", "%2e%2e%2f%2e%2e%2fcontentlib.db", "%00", "%ff", "a%5cb"])
async def test_no_name_leads_out(app: Whole, name: str) -> None:
    """Checklist 22."""
    library, _ = await published(app)
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"a")
    base = f"/cls/vcsp/lib/{library}"
    for target in (f"{base}/{item}/{name}", f"{base}/{name}/item.json", f"/cls/vcsp/lib/{name}/lib.json"):
        assert (await app.client.get(httpx.URL(HOST, raw_path=target.encode()))).status_code == 404


async def test_other_methods_are_told_what_is_possible(app: Whole) -> None:
    _, reader = await published(app)
    answer = await reader.get(method="DELETE")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("public", ["https://images.example:8443", "https://images.example/content"])
async def test_references_follow_a_public_address(data_dir: Path, clock: HandClock, public: str) -> None:
    """Checklist 21, 23: a proxy may have a path of its own in front, and takes it away again."""
    async with whole(data_dir, clock, public_url=public) as app:
        library, reader = await published(app)
        assert reader.url.startswith(f"{public}/cls/vcsp/lib/")
        session = await app.session(await app.item("tiny", library))
        address = (await app.add(session, "b.iso"))["upload_endpoint"]["uri"]
        assert address.startswith(f"{public}/")
        assert (await app.client.put(address.removeprefix(public), content=b"bytes")).status_code == 200


def links(answer: httpx.Response) -> dict[str, str]:
    """The links of a page: where they lead to, and what is shown for them."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = re.findall('<a href="([^"]*)">([^<]*)</a>', answer.text)
    return {href: html.unescape(name) for href, name in found}


async def test_every_level_is_a_page_with_links_to_all_that_is_below(app: Whole) -> None:
    library, reader = await published(app)
    name = '<b>&"it\'s" #1?.iso'
    item = await app.item("<script>", library)
    session = await app.session(item)
    await app.push(session, name, b"x")
    await app.complete(session)
    top = urljoin(reader.url, "/cls/vcsp/")
    assert links(await reader.get(top)) == {"./lib/": "Published libraries"}
    assert links(await reader.get(urljoin(top, "lib/"))) == {f"./{library}/": "lab-images"}
    folder = urljoin(top, f"lib/{library}/")
    assert links(await reader.get(folder)) == {"./lib.json": "lib.json", "./items.json": "items.json", f"./{item}/": "<script>"}
    page = await reader.get(urljoin(folder, f"{item}/"))
    assert "<script>" not in page.text
    found = links(page)
    assert list(found.values()) == ["item.json", name]
    assert (await reader.get(urljoin(folder, f"{item}/{list(found)[1]}"))).content == b"x"


async def test_documents_stay_what_they_are(app: Whole) -> None:
    library, reader = await published(app)
    item = await app.item("one", library)
    folder = reader.url.removesuffix("/lib.json")
    for href in (folder, f"{folder}/lib.json"):
        assert (await reader.document(href))["name"] == "lab-images"
    answer = await reader.get(f"{folder}/", Accept="application/json, */*;q=0.5")
    assert answer.json()["name"] == "lab-images"
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for href in ("/lib.json", "/items.json", f"/{item}/item.json"):
        assert (await reader.get(folder + href, **browser)).headers["content-type"] == "application/json"
    for href, place in ((folder, library), (f"{folder}/{item}", item), (urljoin(folder, "/cls/vcsp/lib"), "lib")):
        answer = await reader.get(href, **browser)
        assert (answer.status_code, answer.headers["location"]) == (302, f"{place}/")
    assert (await reader.get(f"{folder}/{library}/")).status_code == 404


async def test_pages_want_the_password_of_their_library(app: Whole) -> None:
    info = {"published": True, "authentication_method": "BASIC", "password": "secret"}
    library, reader = await published(app, info)
    item = await app.item("one", library)
    folder = reader.url.removesuffix("lib.json")
    for href in (folder, f"{folder}{item}/"):
        assert (await reader.get(href)).status_code == 401
    assert links(await reader.get(urljoin(folder, "/cls/vcsp/lib/"))) == {}
