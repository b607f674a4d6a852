"""Traps 9, 10 and 12 of the clients: what govc and Terraform see of files that the server fetches; and govc's probe."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from certificates import Certificate, make
from packages import archive, descriptor, package
from publisher import ALLOW, Publisher, publishing
from pulling import FILE, SESSION, Pulling
from signing import make as make_signer
from signing import signed
from whole import HandClock, whole

DATA = b"image " * 50_000


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing({"/a.iso": DATA}) as running:
        yield running


# 9: complete on a session with PULL files still running


async def test_govc_completes_before_the_file_is_there_and_polls(pulling: Pulling, publisher: Publisher) -> None:
    publisher.stops["/a.iso"] = 0
    session, item = await pulling.pull("/a.iso")
    await pulling.app.complete(session)
    assert (await pulling.state(session))["state"] == "ACTIVE"
    await pulling.app.complete(session)  # once more is no error
    publisher.release()
    assert (await pulling.ended(session))["state"] == "DONE"
    assert await pulling.app.content(item) == {"a.iso": DATA}


async def test_a_file_that_does_not_come_ends_a_completing_session_with_its_reason(
    pulling: Pulling, publisher: Publisher
) -> None:
    session, item = await pulling.pull("/b.iso")
    await pulling.app.complete(session)
    ended = await pulling.ended(session)
    told = f"file 'b.iso' is in error: cannot download file 'b.iso': {publisher.uri('/b.iso')} answered 404 Not Found"
    assert (ended["state"], ended["error_message"]["default_message"]) == ("ERROR", told)
    library = (await pulling.app.rest("GET", f"/library/item/id:{item}"))["library_id"]
    again, _ = await pulling.pull("/a.iso", await pulling.app.item("tiny", library))  # the name is free for the next try
    await pulling.app.complete(again)
    assert (await pulling.ended(again))["state"] == "DONE"


async def test_a_package_that_is_wrong_ends_a_completing_session_with_what_is_wrong(
    pulling: Pulling, publisher: Publisher
) -> None:
    publisher.files["/tiny.ova"] = archive({**package(), "disk1.vmdk": b"disk"})
    session, _ = await pulling.pull("/tiny.ova")
    await pulling.app.complete(session)
    ended = await pulling.ended(session)
    assert ended["state"] == "ERROR"
    assert "file 'disk1.vmdk' has SHA256 checksum" in ended["error_message"]["default_message"]


async def test_a_warning_about_a_package_ends_a_completing_session_unless_it_is_ignored(
    pulling: Pulling, publisher: Publisher, tmp_path: Path
) -> None:
    publisher.files["/tiny.ova"] = archive(signed(make_signer(tmp_path / "signer")))
    session, item = await pulling.pull("/tiny.ova")
    await pulling.app.complete(session)
    ended = await pulling.ended(session)
    assert ended["state"] == "ERROR"
    assert "SELF_SIGNED_CERTIFICATE: certificate /O=Lab/CN=signer" in ended["error_message"]["default_message"]
    again, _ = await pulling.pull("/tiny.ova", item)
    behavior = [{"type": "SELF_SIGNED_CERTIFICATE", "ignored": True}]
    await pulling.app.rest("PATCH", f"{SESSION}/id:{again}", {"update_spec": {"warning_behavior": behavior}})
    await pulling.app.complete(again)
    assert (await pulling.ended(again))["state"] == "DONE"
    assert "tiny.cert" in await pulling.app.content(item)


async def test_a_pushed_file_that_lacks_is_told_at_once(pulling: Pulling, publisher: Publisher) -> None:
    publisher.stops["/a.iso"] = 0
    session, _ = await pulling.pull("/a.iso")
    await pulling.app.add(session, "b.iso")
    status, kind, told = await pulling.app.refusal("POST", f"{SESSION}/id:{session}?~action=complete")
    assert (status, kind) == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    assert "'b.iso' is WAITING_FOR_TRANSFER" in told


async def test_pushed_and_pulled_files_complete_together(pulling: Pulling, publisher: Publisher) -> None:
    publisher.stops["/a.iso"] = 0
    session, item = await pulling.pull("/a.iso")
    await pulling.app.push(session, "b.txt", b"pushed")
    await pulling.app.complete(session)
    publisher.release()
    assert (await pulling.ended(session))["state"] == "DONE"
    assert await pulling.app.content(item) == {"a.iso": DATA, "b.txt": b"pushed"}


async def test_a_completing_session_is_canceled_like_any_other(pulling: Pulling, publisher: Publisher) -> None:
    publisher.stops["/a.iso"] = 0
    session, _ = await pulling.pull("/a.iso")
    await pulling.app.complete(session)
    await pulling.app.rest("POST", f"{SESSION}/id:{session}?~action=cancel")
    assert (await pulling.ended(session))["state"] == "CANCELED"


# 10: Terraform waits for a state other than ACTIVE before it completes


async def _poll(pulling: Pulling, session: str, seconds: float, times: int) -> None:
    for _ in range(times):
        assert (await pulling.state(session))["state"] == "ACTIVE"
        pulling.clock.pass_seconds(seconds)


async def _completed_unasked(pulling: Pulling) -> tuple[str, str]:
    """A session that the server has completed, and its item."""
    session, item = await pulling.pull("/a.iso")
    await pulling.settled(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    return session, item


async def test_a_pulled_session_completes_itself_while_terraform_only_polls(pulling: Pulling) -> None:
    session, item = await pulling.pull("/a.iso")
    await pulling.settled(session)
    await _poll(pulling, session, 7, 3)
    assert (await pulling.ended(session))["state"] == "DONE"
    assert await pulling.app.content(item) == {"a.iso": DATA}


async def test_a_session_that_its_client_leaves_alone_does_not_complete(pulling: Pulling) -> None:
    session, item = await pulling.pull("/a.iso")
    await pulling.settled(session)
    await _poll(pulling, session, 1, 5)
    pulling.clock.pass_seconds(100)
    await _a_turn()
    await pulling.app.push(session, "b.txt", b"pushed")
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == {"a.iso": DATA, "b.txt": b"pushed"}


async def test_another_client_that_looks_at_a_session_does_not_complete_it(pulling: Pulling) -> None:
    session, _ = await pulling.pull("/a.iso")
    await pulling.settled(session)
    pulling.app.client.headers["vmware-api-session-id"] = (await pulling.app.login()).json()["value"]
    await _poll(pulling, session, 10, 4)
    await _a_turn()
    assert (await pulling.state(session))["state"] == "ACTIVE"


async def test_a_client_can_complete_and_validate_what_the_server_completed(pulling: Pulling) -> None:
    session, item = await _completed_unasked(pulling)
    validated = await pulling.app.rest("POST", f"{FILE}/id:{session}?~action=validate")
    assert validated == {"has_errors": False, "missing_files": [], "invalid_files": []}
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == {"a.iso": DATA}
    refused = await pulling.app.refusal("POST", f"{SESSION}/id:{session}?~action=complete")
    assert refused[:2] == (400, "NOT_ALLOWED_IN_CURRENT_STATE")


async def test_a_client_can_go_on_with_what_the_server_completed(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files["/c.iso"] = b"more"
    session, item = await _completed_unasked(pulling)
    await pulling.add(session, "/c.iso")
    assert (await pulling.state(session))["state"] == "ACTIVE"
    assert set(await pulling.settled(session)) == {"a.iso", "c.iso"}
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == {"a.iso": DATA, "c.iso": b"more"}
    await pulling.app.refusal("POST", f"{SESSION}/id:{session}?~action=keep-alive", {})


async def test_a_file_can_be_removed_from_what_the_server_completed(pulling: Pulling) -> None:
    session, item = await _completed_unasked(pulling)
    await pulling.app.push(session, "b.txt", b"pushed")
    await pulling.app.rest("POST", f"{FILE}/id:{session}?~action=remove", {"file_name": "a.iso"})
    await pulling.app.complete(session)
    assert await pulling.app.content(item) == {"b.txt": b"pushed"}


async def test_nobody_goes_on_with_a_session_while_another_one_is_active(pulling: Pulling) -> None:
    session, item = await _completed_unasked(pulling)
    await pulling.app.session(item)
    refused = await pulling.app.refusal("POST", f"{SESSION}/id:{session}?~action=keep-alive", {})
    assert refused[:2] == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    await pulling.app.complete(session)


@pytest.mark.parametrize("act", ["keep-alive", "list", "add"])
async def test_whoever_does_more_than_poll_is_waited_for(pulling: Pulling, act: str) -> None:
    session, _ = await pulling.pull("/a.iso")
    await pulling.settled(session)
    for _ in range(4):
        pulling.clock.pass_seconds(10)
        if act == "keep-alive":
            await pulling.app.rest("POST", f"{SESSION}/id:{session}?~action=keep-alive", {})
        elif act == "list":
            await pulling.files(session)
        else:
            await pulling.add(session, "/a.iso")
            await pulling.settled(session)
        assert (await pulling.state(session))["state"] == "ACTIVE"


async def test_a_file_that_does_not_come_is_told_to_who_only_polls(pulling: Pulling) -> None:
    session, _ = await pulling.pull("/b.iso")
    await pulling.error(session, "b.iso")
    assert (await pulling.state(session))["state"] == "ACTIVE"  # it can be added again
    ended = await pulling.ended(session)
    assert ended["state"] == "ERROR"
    assert "answered 404" in ended["error_message"]["default_message"]


async def test_a_session_with_a_pushed_file_waits_for_its_client(pulling: Pulling) -> None:
    session, _ = await pulling.pull("/a.iso")
    await pulling.app.push(session, "b.txt", b"pushed")
    await pulling.settled(session)
    for _ in range(3):
        pulling.clock.pass_seconds(20)
        assert (await pulling.state(session))["state"] == "ACTIVE"
        await _a_turn()


async def test_it_is_a_setting(data_dir: Path, clock: HandClock, publisher: Publisher) -> None:
    async with whole(data_dir, clock, outbound_allow=ALLOW, autocomplete_pulls_seconds=0) as app:
        pulling = Pulling(app, clock, publisher)
        session, _ = await pulling.pull("/a.iso")
        await pulling.settled(session)
        for _ in range(2):
            clock.pass_seconds(100)
            await _a_turn()
            assert (await pulling.state(session))["state"] == "ACTIVE"


async def _a_turn() -> None:
    """Long enough for the job that would complete the session."""
    await asyncio.sleep(1.1)


# 12: archives and descriptors; the rest is in tests/jobs/test_pull.py


async def test_terraform_sends_only_the_descriptor(pulling: Pulling, publisher: Publisher) -> None:
    disk = b"disk " * 1000
    publisher.files = {"/x/tiny.ovf": descriptor({"disk1.vmdk": disk}), "/x/disk1.vmdk": disk}
    session, item = await pulling.pull("/x/tiny.ovf", await pulling.app.item(type="ovf"))
    assert (await pulling.ended(session))["state"] == "DONE"
    assert set(await pulling.app.content(item)) == {"tiny.ovf", "disk1.vmdk"}


async def test_an_archive_of_an_unknown_item_makes_it_a_package(pulling: Pulling, publisher: Publisher) -> None:
    publisher.files["/tiny.ova"] = archive(package())
    session, item = await pulling.pull("/tiny.ova")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    assert (await pulling.app.rest("GET", f"/library/item/id:{item}"))["type"] == "ovf"


# govc's probe


async def test_a_probe_says_whether_a_file_can_be_pulled(pulling: Pulling, publisher: Publisher) -> None:
    publisher.statuses = {"/closed": 401}
    found = {}
    for uri in (
        publisher.uri("/a.iso"),
        publisher.uri("/none"),
        publisher.uri("/closed"),
        "ftp://lib.example/a",
        "http://nobody.invalid/a",
        "http://127.0.0.1:1/a",
        "http://[::1]/a",
    ):
        answer = await pulling.app.rest("POST", f"{FILE}?~action=probe", {"source_endpoint": {"uri": uri}})
        assert bool(answer["error_messages"]) == (answer["status"] != "SUCCESS")
        found[uri] = answer["status"]
    assert [*found.values()] == [
        "SUCCESS",
        "RESOURCE_NOT_FOUND",
        "INVALID_CREDENTIALS",
        "INVALID_URL",
        "HOST_NOT_FOUND",
        "UNKNOWN_ERROR",
        "UNKNOWN_ERROR",
    ]


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make(tmp_path_factory.mktemp("lonely") / "lonely.pem")


async def test_a_probe_tells_which_certificate_it_met_and_the_pull_takes_it(pulling: Pulling, lonely: Certificate) -> None:
    async with publishing({"/a.iso": DATA}, lonely.context()) as publisher:
        pulling.publisher = publisher
        body = {"source_endpoint": {"uri": publisher.uri("/a.iso")}}
        answer = await pulling.app.rest("POST", f"{FILE}?~action=probe", body)
        assert answer["status"] == "CERTIFICATE_ERROR"
        assert answer["ssl_thumbprint"].replace(":", "").lower() == lonely.thumbprint("sha1")
        assert answer["ssl_certificate"].startswith("-----BEGIN CERTIFICATE-----")
        session, item = await pulling.pull("/a.iso")
        file = (await pulling.settled(session))["a.iso"]
        assert answer["ssl_thumbprint"] in file["error_message"]["default_message"]
        await pulling.add(session, "/a.iso", source={"ssl_certificate_thumbprint": answer["ssl_thumbprint"]})
        await pulling.app.complete(session)
        assert (await pulling.ended(session))["state"] == "DONE"
        assert await pulling.app.content(item) == {"a.iso": DATA}


# files of the server's own machine


async def test_a_file_below_an_import_root_is_imported(
    data_dir: Path, clock: HandClock, publisher: Publisher, tmp_path: Path
) -> None:
    root = tmp_path / "images"
    root.mkdir()
    (root / "a b.iso").write_bytes(DATA)
    (root / "out").symlink_to("/etc/hostname")
    async with whole(data_dir, clock, import_roots=(root,)) as app:
        pulling = Pulling(app, clock, publisher)
        item = await app.item()
        session = await app.session(item)
        for name, uri in (("a.iso", f"{root.as_uri()}/a%20b.iso"), ("b.iso", "ds:///vmfs/volumes/images/a%20b.iso")):
            await app.add(session, name, source_type="PULL", source_endpoint={"uri": uri})
        await app.complete(session)
        assert (await pulling.ended(session))["state"] == "DONE"
        assert await app.content(item) == {"a.iso": DATA, "b.iso": DATA}
        again = await app.session(item)
        for uri in (
            "file:///etc/hostname",
            f"{root.as_uri()}/../../etc/hostname",
            f"{root.as_uri()}/out",
            "ds:///vmfs/volumes/x/a",
        ):
            spec = {"name": "c", "source_type": "PULL", "source_endpoint": {"uri": uri}}
            status, _, told = await app.refusal("POST", f"{FILE}/id:{again}?~action=add", {"file_spec": spec})
            assert (status, "is not a file below a directory of import_roots" in told) == (400, True)


async def test_a_pipe_below_an_import_root_is_refused_and_holds_nobody_up(
    data_dir: Path, clock: HandClock, publisher: Publisher, tmp_path: Path
) -> None:
    root = tmp_path / "images"
    root.mkdir()
    os.mkfifo(root / "a.iso")
    async with whole(data_dir, clock, import_roots=(root,)) as app:
        pulling = Pulling(app, clock, publisher)
        session = await app.session(await app.item())
        endpoint = {"uri": f"{root.as_uri()}/a.iso"}
        await app.add(session, "a.iso", source_type="PULL", source_endpoint=endpoint)
        assert await pulling.error(session) == "cannot read the source of file 'a.iso': it is a pipe, not a regular file"


@pytest.mark.parametrize("lacks", [(), ("tiny.cert",), ("tiny.mf", "tiny.cert")])
@pytest.mark.parametrize("scheme", ["file", "ds"])
async def test_a_descriptor_below_an_import_root_brings_what_lies_beside_it(
    data_dir: Path, clock: HandClock, publisher: Publisher, tmp_path: Path, scheme: str, lacks: tuple[str, ...]
) -> None:
    root = tmp_path / "images"
    root.mkdir()
    files = {name: data for name, data in signed(make_signer(tmp_path / "signer")).items() if name not in lacks}
    for name, data in files.items():
        (root / name).write_bytes(data)
    async with whole(data_dir, clock, import_roots=(root,)) as app:
        item = await app.item()
        behavior = [{"type": "SELF_SIGNED_CERTIFICATE", "ignored": True}]
        spec = {"library_item_id": item, "warning_behavior": behavior}
        session = str(await app.rest("POST", SESSION, {"create_spec": spec}))
        uri = f"{root.as_uri()}/tiny.ovf" if scheme == "file" else "ds:///vmfs/volumes/images/tiny.ovf"
        await app.add(session, "tiny.ovf", source_type="PULL", source_endpoint={"uri": uri})
        await app.complete(session)
        ended = await Pulling(app, clock, publisher).ended(session)
        assert ended["state"] == "DONE", ended
        assert await app.content(item) == files


async def test_a_password_in_the_address_of_a_file_is_not_told(pulling: Pulling, publisher: Publisher) -> None:
    session = await pulling.app.session(await pulling.app.item())
    uri = publisher.uri("/nothing.iso").replace("://", "://robin:s3cret@")
    told = await pulling.app.add(session, "a.iso", source_type="PULL", source_endpoint={"uri": uri})
    assert told["source_endpoint"]["uri"] == uri.replace(":s3cret", "")
