from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backends import BACKEND, StoredBlob, default_storage
from following import until
from packages import archive, descriptor, package
from publisher import ALLOW, Publisher, publishing
from pulling import FILE, SESSION, Pulling
from signing import make, signed
from whole import HandClock, is_busy, whole

BIG = bytes(range(256)) * 4096 * 3  # 3 MiB


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing({"/a.iso": BIG}) as running:
        yield running


def size_of(data_dir: Path) -> list[int]:
    """How many bytes there are of each file that comes."""
    return [each.size() for each in BACKEND.unfinished(default_storage(data_dir))]


def staged(data_dir: Path) -> list[StoredBlob]:
    return BACKEND.unfinished(default_storage(data_dir))


async def test_a_pulled_file_is_ready_with_its_size_and_its_source(pulling: Pulling, publisher: Publisher) -> None:
    session, item = await pulling.pull("/a.iso", source={"ssl_certificate_thumbprint": "AB:" * 19 + "AB"})
    file = (await pulling.settled(session))["a.iso"]
    assert (file["status"], file["size"], file["bytes_transferred"]) == ("READY", len(BIG), len(BIG))
    assert file["checksum_info"] == {"algorithm": "SHA256", "checksum": hashlib.sha256(BIG).hexdigest()}
    assert file["source_endpoint"] == {"uri": publisher.uri("/a.iso"), "ssl_certificate_thumbprint": "AB:" * 19 + "AB"}
    assert "upload_endpoint" not in file
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == {"a.iso": BIG}


async def test_a_pull_is_a_task_on_the_item(pulling: Pulling) -> None:
    session, item = await pulling.pull("/a.iso")
    await pulling.settled(session)
    (task,) = await pulling.until(pulling.tasks, lambda tasks: tasks[0]["status"] == "SUCCEEDED")
    assert task["service"] == "com.vmware.content.library.item.updatesession.file"
    assert task["target"] == {"type": "com.vmware.content.library.Item", "id": item}
    assert (task["progress"]["completed"], task["progress"]["total"]) == (len(BIG), len(BIG))


@pytest.mark.directories
async def test_a_broken_connection_goes_on_where_it_broke(pulling: Pulling, publisher: Publisher, data_dir: Path) -> None:
    publisher.cuts, publisher.stops["/a.iso"] = [1 << 20, 1 << 19], 1 << 19
    session, item = await pulling.pull("/a.iso")
    await until(lambda: any(size_of(data_dir)))
    publisher.release()
    await pulling.settled(session)
    etag = f'"{hashlib.sha256(BIG).hexdigest()[:16]}"'
    whole_file, *rest = publisher.ranges_asked("/a.iso")
    starts = [int(each.removeprefix("bytes=").removesuffix("-")) for each in rest if each]
    assert whole_file is None
    # bytes that have come but were not taken yet are lost with their connection, so it is not where exactly it broke
    assert 0 < starts[0] <= 1 << 20
    assert starts[0] <= starts[1] <= starts[0] + (1 << 19)
    assert [each.headers.get("if-range") for each in publisher.asked] == [None, etag, etag]
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == {"a.iso": BIG}


@pytest.mark.parametrize("lack", ["ranges", "etags", "lengths"])
async def test_a_publisher_that_lacks_something_is_asked_from_the_start(
    pulling: Pulling, publisher: Publisher, lack: str
) -> None:
    setattr(publisher, lack, False)
    publisher.cuts = [1 << 20] if lack != "lengths" else []
    session, item = await pulling.pull("/a.iso", checksum_info={"algorithm": "SHA1", "checksum": hashlib.sha1(BIG).hexdigest()})
    await pulling.settled(session)
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == {"a.iso": BIG}


async def test_a_file_that_changed_meanwhile_is_pulled_from_its_start(pulling: Pulling, publisher: Publisher) -> None:
    publisher.cuts, publisher.stops["/a.iso"] = [1 << 20], 1 << 19
    session, item = await pulling.pull("/a.iso")
    await until(lambda: publisher.now == 1)
    publisher.files["/a.iso"] = other = BIG[::-1]
    publisher.release()
    await pulling.settled(session)
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == {"a.iso": other}


async def _value(value: object) -> object:
    return value


async def test_what_may_pass_is_tried_again_and_told_meanwhile(pulling: Pulling, publisher: Publisher) -> None:
    publisher.statuses["/a.iso"] = 503
    session, _ = await pulling.pull("/a.iso")
    look = lambda: pulling.files(session)  # noqa: E731 - a name for what is looked at
    found = await pulling.until(look, lambda files: "error_message" in files["a.iso"])
    assert found["a.iso"]["status"] == "TRANSFERRING"
    assert "answered 503" in found["a.iso"]["error_message"]["default_message"]
    (task,) = await pulling.tasks()
    assert task["status"] in ("BLOCKED", "RUNNING", "PENDING")
    del publisher.statuses["/a.iso"]
    assert (await pulling.settled(session))["a.iso"]["status"] == "READY"


async def test_after_the_last_attempt_the_file_is_in_error(pulling: Pulling, publisher: Publisher, data_dir: Path) -> None:
    publisher.statuses["/a.iso"] = 500
    session, _ = await pulling.pull("/a.iso")
    await pulling.until(pulling.tasks, lambda tasks: tasks[0]["status"] == "BLOCKED")
    await _as_if_failed(data_dir, 9)
    assert "answered 500" in await pulling.error(session)
    assert len(publisher.asked) == 2
    await pulling.until(pulling.tasks, lambda tasks: tasks[0]["status"] == "FAILED")


async def _as_if_failed(data_dir: Path, failures: int) -> None:
    metadata = BACKEND.open_rows(data_dir / "contentlib.db")
    async with metadata.transaction(durable=False) as transaction:
        (task,) = await transaction.tasks.all()
        await transaction.tasks.put(replace(task, failures=failures))
    await metadata.close()


@pytest.mark.parametrize(
    ("path", "more", "text"),
    [
        ("/b.iso", {}, "cannot download file 'b.iso': http://127.0.0.1:{port}/b.iso answered 404 Not Found"),
        ("/a.iso", {"size": 5}, "file 'a.iso' is 3145728 bytes, expected 5"),
        ("/a.iso", {"checksum_info": {"checksum": "0" * 40}}, "SHA1 checksum " + hashlib.sha1(BIG).hexdigest()),
        ("/a.iso", {"source": {"uri": "http://127.0.0.1:1/a"}}, None),
        ("/a.iso", {"source": {"uri": "http://[::1]:1/a"}}, "requests to loopback address ::1 are blocked"),
    ],
)
async def test_a_file_that_cannot_be_pulled_says_why(
    pulling: Pulling, publisher: Publisher, data_dir: Path, path: str, more: dict[str, Any], text: str | None
) -> None:
    session, _ = await pulling.pull(path, **more)
    if text is None:  # a refused connection may pass
        look = lambda: pulling.files(session)  # noqa: E731 - a name for what is looked at
        found = await pulling.until(look, lambda files: "error_message" in files["a.iso"])
        assert "Connection refused" in found["a.iso"]["error_message"]["default_message"]
        return
    assert text.format(port=publisher.port) in await pulling.error(session, path[1:])
    assert await pulling.until(lambda: _value(staged(data_dir)), lambda found: not found) == []
    with pytest.raises(AssertionError, match="not ready"):
        await pulling.app.complete(session)


async def test_a_publisher_that_says_no_size_sends_no_more_than_was_declared(pulling: Pulling, publisher: Publisher) -> None:
    publisher.lengths = False
    session, _ = await pulling.pull("/a.iso", size=1 << 20)
    assert "file 'a.iso' is larger than the expected 1048576 bytes" in await pulling.error(session)


async def test_what_is_larger_than_the_limit_is_not_pulled(data_dir: Path, clock: HandClock, publisher: Publisher) -> None:
    async with whole(data_dir, clock, outbound_allow=ALLOW, upload_limit_bytes=1 << 20) as app:
        pulling = Pulling(app, clock, publisher)
        session, _ = await pulling.pull("/a.iso")
        assert "exceeds the limit of 1048576 bytes" in await pulling.error(session)


async def test_a_session_that_is_canceled_ends_the_pull(pulling: Pulling, publisher: Publisher, data_dir: Path) -> None:
    publisher.pause = 0.2
    session, _ = await pulling.pull("/a.iso")
    await pulling.until(lambda: _value(staged(data_dir)), bool)
    await pulling.app.rest("POST", f"{SESSION}/id:{session}?~action=cancel")
    (task,) = await pulling.until(pulling.tasks, lambda tasks: tasks[0]["status"] == "FAILED")
    assert "is CANCELED" in task["error"]["messages"][0]["default_message"]
    assert staged(data_dir) == []


async def test_a_file_that_is_removed_is_not_pulled_any_more(pulling: Pulling, publisher: Publisher, data_dir: Path) -> None:
    publisher.pause = 0.2
    session, _ = await pulling.pull("/a.iso")
    await pulling.until(lambda: _value(staged(data_dir)), bool)
    await pulling.app.rest("POST", f"{FILE}/id:{session}?~action=remove", {"file_name": "a.iso"})
    await pulling.until(pulling.tasks, lambda tasks: tasks[0]["status"] == "FAILED")
    assert (await pulling.state(session))["state"] == "ACTIVE"


@pytest.mark.parametrize("waits", [True, False])
async def test_a_pull_whose_task_is_canceled_is_in_error(pulling: Pulling, publisher: Publisher, waits: bool) -> None:
    publisher.pause = 0.2
    if waits:
        publisher.statuses["/a.iso"] = 503
    session, _ = await pulling.pull("/a.iso")
    wanted = "BLOCKED" if waits else "RUNNING"
    await pulling.until(pulling.tasks, lambda tasks: tasks[0]["status"] == wanted)
    (identifier,) = await pulling.app.tasks()
    assert (await pulling.app.send("POST", f"/api/cis/tasks/{identifier}?action=cancel")).status_code == 204
    assert await pulling.error(session) == "download of file 'a.iso' was canceled with its task"


def is_touched(data_dir: Path, clock: HandClock) -> bool:
    """Whether the server has noted that the only session is alive now."""
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as database:
        return database.execute("SELECT touched FROM update_sessions").fetchall() == [(clock.now(),)]


async def test_a_session_does_not_expire_while_its_file_is_waited_for(
    pulling: Pulling, publisher: Publisher, data_dir: Path
) -> None:
    publisher.statuses["/a.iso"] = 503
    session, _ = await pulling.pull("/a.iso")
    for _ in range(5):
        await until(lambda: is_touched(data_dir, pulling.clock))
        pulling.clock.pass_seconds(250)
    assert (await pulling.state(session))["state"] == "ACTIVE"


async def test_equal_bytes_are_stored_once(pulling: Pulling, publisher: Publisher, data_dir: Path) -> None:
    publisher.files["/b.iso"] = BIG
    session, item = await pulling.pull("/a.iso")
    await pulling.add(session, "/b.iso")
    await pulling.settled(session)
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == {"a.iso": BIG, "b.iso": BIG}
    assert len(BACKEND.stored(default_storage(data_dir))) == 1


# packages


@pytest.mark.parametrize("cuts", [[], [3000, 4000]])
async def test_a_pulled_archive_is_unpacked_while_it_comes(pulling: Pulling, publisher: Publisher, cuts: list[int]) -> None:
    files = package()
    publisher.files["/tiny.ova"] = archive(files)
    publisher.cuts = [*cuts]
    session, item = await pulling.pull("/tiny.ova")
    found = await pulling.settled(session)
    assert {name: each["status"] for name, each in found.items()} == dict.fromkeys(["tiny.ova", *files], "READY")
    assert [each.headers.get("range") for each in publisher.asked][1:] == ["bytes=3000-", "bytes=7000-"][: len(cuts)]
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == files


async def test_a_pulled_archive_is_known_by_its_bytes(pulling: Pulling, publisher: Publisher) -> None:
    files = package()
    publisher.files["/download"] = archive(files)
    session, item = await pulling.pull("/download?id=7", name="download?id=7")
    found = await pulling.settled(session)
    assert {name: each["status"] for name, each in found.items()} == dict.fromkeys(["download?id=7", *files], "READY")
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == files


async def test_a_web_page_in_the_place_of_a_file_is_told(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files["/tiny.iso"] = b"<!doctype html><html><body>log in first</body></html>"
    session, _ = await pulling.pull("/tiny.iso")
    assert "is a web page (HTML), possibly an error page" in await pulling.error(session, "tiny.iso")


async def test_an_archive_that_cannot_be_unpacked_leaves_nothing_but_what_is_wrong(
    pulling: Pulling, publisher: Publisher, data_dir: Path
) -> None:
    publisher.files["/tiny.ova"] = archive({"a.ovf": b"x", "../../etc/passwd": b"y"})
    session, _ = await pulling.pull("/tiny.ova")
    assert "is not a plain file name" in await pulling.error(session, "tiny.ova")
    assert [*await pulling.files(session)] == ["tiny.ova"]
    assert await pulling.until(lambda: _value(staged(data_dir)), lambda found: not found) == []


async def test_an_archive_of_another_item_stays_an_archive(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files["/tiny.ova"] = archive(package())
    session, _ = await pulling.pull("/tiny.ova", await pulling.app.item(type="other"))
    assert {name: each["status"] for name, each in (await pulling.settled(session)).items()} == {"tiny.ova": "READY"}


async def test_a_pulled_descriptor_brings_its_references(pulling: Pulling, publisher: Publisher) -> None:
    disks = {"disk1.vmdk": b"one", "disk 2.vmdk": b"two"}
    files = {"tiny.ovf": descriptor(disks), **disks}
    publisher.files = {f"/images/{name.replace(' ', '%20')}": data for name, data in files.items()}
    session, item = await pulling.pull("/images/tiny.ovf")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    assert await pulling.app.content(item) == files
    tasks = {each["description"]["args"][0]: each for each in await pulling.tasks()}
    assert [name for name, each in tasks.items() if "parent" not in each] == ["tiny.ovf"]


async def test_references_are_names_and_never_paths(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files = {"/a/tiny.ovf": descriptor({"../secret": None, "/etc/passwd": None, "..": None})}
    session, _ = await pulling.pull("/a/tiny.ovf")
    assert [*await pulling.settled(session)] == ["tiny.ovf"]
    await pulling.until(pulling.app.tasks, lambda tasks: not is_busy(tasks))
    assert [each.path for each in publisher.asked] == ["/a/tiny.ovf", "/a/tiny.mf"]


async def test_a_pulled_descriptor_brings_its_manifest_and_its_certificate(
    pulling: Pulling, publisher: Publisher, tmp_path: Path
) -> None:
    files = signed(make(tmp_path / "signer"))
    publisher.files = {f"/images/{name.replace('tiny', 'other%20name')}": data for name, data in files.items()}
    session, item = await pulling.pull("/images/other%20name.ovf", name="tiny.ovf")
    files_of_session = await pulling.settled(session)
    assert {name: each["status"] for name, each in files_of_session.items()} == dict.fromkeys(files, "READY")
    found = (await pulling.state(session))["preview_info"]
    assert [each["type"] for each in found["warnings"]] == ["SELF_SIGNED_CERTIFICATE"]
    behavior = [{"type": "SELF_SIGNED_CERTIFICATE", "ignored": True}]
    await pulling.app.rest("PATCH", f"{SESSION}/id:{session}", {"update_spec": {"warning_behavior": behavior}})
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == files


async def test_a_manifest_beside_a_pulled_descriptor_is_verified(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files = {f"/{name}": data for name, data in package().items()}
    publisher.files["/disk1.vmdk"] = publisher.files["/disk1.vmdk"].replace(b"disk", b"d1sk", 1)
    session, _ = await pulling.pull("/tiny.ovf")
    await pulling.app.complete(session)
    told = (await pulling.ended(session))["error_message"]["default_message"]
    assert "file 'disk1.vmdk' has SHA256 checksum" in told


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_publisher_that_has_no_manifest_is_not_asked_again(pulling: Pulling, publisher: Publisher, status: int) -> None:
    publisher.files = {f"/{name}": data for name, data in package().items()}
    publisher.statuses = {"/tiny.mf": status}
    session, item = await pulling.pull("/tiny.ovf")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    assert sorted(await pulling.app.content(item)) == ["disk1.vmdk", "tiny.ovf"]
    assert sorted(each.path for each in publisher.asked) == ["/disk1.vmdk", "/tiny.mf", "/tiny.ovf"]


async def test_a_page_that_says_that_there_is_no_manifest_is_none(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files = {**{f"/{name}": data for name, data in package().items()}, "/tiny.mf": b"<html>not found</html>"}
    publisher.headers = {"Content-Type": "text/html; charset=utf-8"}
    session, item = await pulling.pull("/tiny.ovf")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    assert sorted(await pulling.app.content(item)) == ["disk1.vmdk", "tiny.ovf"]


async def test_a_publisher_that_fails_is_asked_again_for_the_manifest(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files = {f"/{name}": data for name, data in package().items()}
    publisher.fails = {"/tiny.mf": 1}
    session, item = await pulling.pull("/tiny.ovf")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    assert await pulling.app.content(item) == package()


async def test_a_manifest_that_the_client_sends_itself_is_not_asked_for(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files = {f"/{name}": data for name, data in package().items()}
    publisher.fails = {"/tiny.mf": 1000}
    session = await pulling.app.session(item := await pulling.app.item())
    await pulling.app.push(session, "tiny.mf", package()["tiny.mf"])
    await pulling.add(session, "/tiny.ovf")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    assert await pulling.app.content(item) == package()


async def test_an_address_that_does_not_end_as_a_descriptor_has_nothing_beside_it(
    pulling: Pulling, publisher: Publisher
) -> None:
    publisher.files = {"/download": descriptor({"a.vmdk": b"one"}), "/a.vmdk": b"one", "/tiny.mf": b"nobody asks for this"}
    session, _ = await pulling.pull("/download", name="tiny.ovf")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    assert [each.path for each in publisher.asked] == ["/download", "/a.vmdk"]


async def test_a_reference_that_is_not_there_is_told(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files = {"/tiny.ovf": descriptor({"disk1.vmdk": b"one"})}
    session, _ = await pulling.pull("/tiny.ovf")
    await pulling.app.complete(session)
    told = (await pulling.ended(session))["error_message"]["default_message"]
    assert told.startswith("file 'disk1.vmdk' is in error: cannot download file 'disk1.vmdk'")
    assert "answered 404" in told


async def test_a_pull_keeps_to_the_limit_of_bandwidth_of_the_configuration(pulling: Pulling) -> None:
    await pulling.app.rest("PATCH", "/configuration", {"model": {"transfer_throttling_bandwidth_total": 20}})
    begun = time.monotonic()
    session, _ = await pulling.pull("/a.iso")
    assert (await pulling.settled(session))["a.iso"]["status"] == "READY"
    assert time.monotonic() - begun > 0.4  # 3 MiB at 2.5 MB/s, but for the last piece of up to 2 MiB


async def test_no_more_files_are_pulled_from_a_host_at_once_than_the_configuration_says(pulling: Pulling) -> None:
    publisher = pulling.publisher
    publisher.files |= {f"/{n}.iso": bytes(200_000) for n in range(5)}
    publisher.stops |= {f"/{n}.iso": 0 for n in range(5)}
    await pulling.app.rest("PATCH", "/configuration", {"model": {"transfer_nfc_max_concurrent_transfers_per_host": 2}})
    session = await pulling.app.session(await pulling.app.item())
    for n in range(5):
        await pulling.add(session, f"/{n}.iso")
    await pulling.until(pulling.tasks, lambda tasks: [each["status"] for each in tasks] == ["RUNNING"] * 5)
    await until(lambda: publisher.now == 2)
    publisher.release()
    assert {each["status"] for each in (await pulling.settled(session)).values()} == {"READY"}
    assert publisher.most == 2


async def test_a_pull_that_waits_for_its_host_says_so_and_can_be_canceled(pulling: Pulling) -> None:
    publisher = pulling.publisher
    publisher.files |= {"/slow.iso": bytes(200_000), "/late.iso": b"late"}
    publisher.stops["/slow.iso"] = 1 << 16
    await pulling.app.rest("PATCH", "/configuration", {"model": {"transfer_nfc_max_concurrent_transfers_per_host": 1}})
    slow, _ = await pulling.pull("/slow.iso")
    await pulling.until(lambda: pulling.files(slow), lambda files: files["slow.iso"]["status"] == "TRANSFERRING")
    late, _ = await pulling.pull("/late.iso")
    running = lambda tasks: [each["status"] for each in tasks] == ["RUNNING", "RUNNING"]  # noqa: E731 - a name for a condition
    await pulling.until(pulling.tasks, running)
    assert (await pulling.files(late))["late.iso"]["status"] == "WAITING_FOR_TRANSFER"
    await pulling.app.rest("POST", f"/library/item/update-session/id:{late}?~action=cancel")
    publisher.release()
    assert (await pulling.settled(slow))["slow.iso"]["status"] == "READY"
    assert [each.path for each in publisher.asked] == ["/slow.iso"]


async def test_the_pool_of_transfers_has_its_size_from_the_start_of_the_server(
    data_dir: Path, clock: HandClock, publisher: Publisher
) -> None:
    publisher.files |= {f"/{n}.iso": bytes(200_000) for n in range(4)}
    publisher.pause = 0.02
    async with whole(data_dir, clock) as app:
        await app.rest("PATCH", "/configuration", {"model": {"transfer_threads_pool_size": 1}})
    async with whole(data_dir, clock, outbound_allow=ALLOW) as app:
        pulling = Pulling(app, clock, publisher)
        session = await app.session(await app.item())
        for n in range(4):
            await pulling.add(session, f"/{n}.iso")
        assert {each["status"] for each in (await pulling.settled(session)).values()} == {"READY"}
    assert publisher.most == 1
