"""What tools in the field get wrong in OVF packages, and what is wrong with the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from packages import archive, descriptor, manifest
from pulling import Pulling
from whole import HandClock, Whole, whole

DISK = b"disk " * 1000
UPDATES = "/library/item/update-session"
WRONG_SIZE = "file 'disk1.vmdk' is 5000 bytes; the descriptor declares 10595840"
UNREFERENCED = "file 'disk1.vmdk' is not referenced by descriptor 'tiny.ovf'; remove it or reference it"


async def sent(app: Whole, files: Mapping[str, bytes], **more: str) -> tuple[str, str]:
    """An item, and an update session on it with these files."""
    item = await app.item(**more)
    session = await app.session(item)
    for name, data in files.items():
        assert (await app.push(session, name, data)).status_code == 200
    return item, session


async def validated(app: Whole, session: str) -> tuple[bool, list[str], list[str]]:
    found = await app.rest("POST", f"/library/item/updatesession/file/id:{session}?~action=validate")
    told = [each["error_message"]["default_message"] for each in found["invalid_files"]]
    return found["has_errors"], told, found["missing_files"]


async def warnings(app: Whole, item: str) -> list[str]:
    """What is kept with the newest content version of an item."""
    newest = (await app.send("GET", f"/api/contentlib/library/item/{item}/versions")).json()[0]
    return [each["default_message"] for each in newest.get("warnings", [])]


@pytest.mark.parametrize("type", ["", "ovf"])
@pytest.mark.parametrize("together", [True, False], ids=["ova", "files"])
@pytest.mark.parametrize(
    ("text", "told"), [(descriptor({"disk1.vmdk": 10595840}), WRONG_SIZE), (descriptor({}), UNREFERENCED)], ids=["size", "none"]
)
async def test_what_only_the_descriptor_contradicts_is_a_warning(
    app: Whole, text: bytes, told: str, type: str, together: bool
) -> None:
    files = {"tiny.ovf": text, "disk1.vmdk": DISK}
    item, session = await sent(app, {"tiny.ova": archive(files)} if together else files, type=type)
    assert await validated(app, session) == (False, [told], [])
    with capture_logs() as logs:
        await app.complete(session)
    assert {"event": "package warnings", "log_level": "warning", "item": item, "warnings": [told]} in logs
    assert await app.content(item) == files
    assert await warnings(app, item) == [told]


async def test_warnings_stay_with_a_copy_and_with_a_version_that_is_made_current_again(app: Whole) -> None:
    item, session = await sent(app, {"tiny.ovf": descriptor({"disk1.vmdk": 10595840}), "disk1.vmdk": DISK})
    await app.complete(session)
    session = await app.session(item)
    await app.push(session, "tiny.ovf", descriptor({"disk1.vmdk": DISK}))
    await app.complete(session)
    assert await warnings(app, item) == []
    again = await app.send("POST", f"/api/contentlib/library/item/{item}/versions/2?action=make-current")
    assert again.status_code == 200, again.text
    assert await warnings(app, item) == [WRONG_SIZE]
    spec: dict[str, Any] = {"library_id": await app.library("other"), "name": "copy"}
    copy = await app.rest("POST", f"/library/item/id:{item}?~action=copy", {"destination_create_spec": spec})
    assert await warnings(app, copy) == [WRONG_SIZE]


async def test_a_manifest_is_believed_before_a_descriptor(app: Whole) -> None:
    text = descriptor({"disk1.vmdk": 10595840})
    wrong = {"tiny.ovf": text, "tiny.mf": manifest({"tiny.ovf": text, "disk1.vmdk": b"other"}), "disk1.vmdk": DISK}
    _, session = await sent(app, wrong)
    has_errors, told, _ = await validated(app, session)
    assert has_errors
    assert len(told) == 2
    _, kind, text_of = await app.refusal("POST", f"{UPDATES}/id:{session}?~action=complete")
    assert kind == "NOT_ALLOWED_IN_CURRENT_STATE"
    assert "manifest 'tiny.mf' declares" in text_of
    assert WRONG_SIZE not in text_of


async def test_a_referenced_file_that_is_missing_stays_an_error(app: Whole) -> None:
    _, session = await sent(app, {"tiny.ovf": descriptor({"disk1.vmdk": 5})})
    assert await validated(app, session) == (True, [], ["disk1.vmdk"])
    assert (await app.refusal("POST", f"{UPDATES}/id:{session}?~action=complete"))[1] == "NOT_ALLOWED_IN_CURRENT_STATE"


@pytest.mark.parametrize("files", [{"disk1.vmdk": 10595840}, {}], ids=["size", "none"])
async def test_a_strict_server_refuses_both(data_dir: Path, clock: HandClock, files: dict[str, bytes | int | None]) -> None:
    async with whole(data_dir, clock, strict_packages=True) as app:
        _, session = await sent(app, {"tiny.ovf": descriptor(files), "disk1.vmdk": DISK})
        has_errors, told, _ = await validated(app, session)
        assert (has_errors, told) == (True, [WRONG_SIZE if files else UNREFERENCED])
        assert told[0] in (await app.refusal("POST", f"{UPDATES}/id:{session}?~action=complete"))[2]


async def test_a_package_with_wrong_sizes_is_fetched(pulling: Pulling) -> None:
    files = {"tiny.ovf": descriptor({"disk1.vmdk": 10595840}), "disk1.vmdk": DISK}
    pulling.publisher.files = {f"/{name}": data for name, data in files.items()}
    session, item = await pulling.pull("/tiny.ovf")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    assert await warnings(pulling.app, item) == [WRONG_SIZE]


@pytest.mark.parametrize("listed", ["tiny.mf", "./tiny.mf", "tiny.cert"])
async def test_a_manifest_that_lists_itself_or_its_certificate_is_taken(app: Whole, listed: str) -> None:
    files = {"tiny.ovf": descriptor({"disk1.vmdk": DISK}), "disk1.vmdk": DISK}
    files["tiny.mf"] = manifest({**files, listed: b"as it was before"})
    item, session = await sent(app, files)
    await app.complete(session)
    (told,) = await warnings(app, item)
    assert "the line is ignored" in told
    assert await app.content(item) == files


async def test_a_package_of_two_descriptors_names_both_once(app: Whole) -> None:
    _, session = await sent(app, {"a.ovf": descriptor({}), "b.ovf": descriptor({}), "._a.ovf": b"\0\5\x16\7"})
    text = (await app.refusal("POST", f"{UPDATES}/id:{session}?~action=complete"))[2]
    assert text.count("package has 2 descriptors: 'a.ovf', 'b.ovf'; exactly one is expected") == 1


async def test_an_archive_made_on_macos_is_taken_without_what_macos_adds(app: Whole) -> None:
    files = {"tiny.ovf": descriptor({"disk1.vmdk": DISK}), "disk1.vmdk": DISK}
    added = {f"._{name}": b"\0\5\x16\7" + bytes(159) for name in files}
    entries = {name: data for pair in zip(added.items(), files.items(), strict=True) for name, data in pair}
    item, session = await sent(app, {"tiny.ova": archive(entries)})
    await app.complete(session)
    assert await app.content(item) == files
    assert await warnings(app, item) == []


async def test_a_session_and_an_archive_have_so_many_files_and_no_more(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock, session_files_limit=3) as app:
        _, session = await sent(app, {"a": b"a", "b": b"b", "c": b"c"})
        await app.add(session, "b")  # which is there already
        spec = {"file_spec": {"name": "d", "source_type": "PUSH"}}
        _, kind, text = await app.refusal("POST", f"/library/item/updatesession/file/id:{session}?~action=add", spec)
        assert kind == "NOT_ALLOWED_IN_CURRENT_STATE"
        assert "already has 3 files, the limit (session_files_limit)" in text
        session = await app.session(await app.item("more", await app.library("more")))
        answer = await app.push(session, "a.ova", archive(dict.fromkeys(["a.ovf", "b", "c", "d"], b"")))
        assert answer.status_code == 413
        assert "already has 3 files, the limit (session_files_limit)" in answer.text


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("tiny.iso", archive({"a.txt": b""}), "file 'tiny.iso' is not an ISO image: it contains a tar archive; it is stored"),
        ("tiny.xml", descriptor({}), "file 'tiny.xml' is an OVF descriptor, but its name does not end in .ovf"),
        ("tiny", b"<html></html>", "file 'tiny' is a web page (HTML)"),
    ],
)
async def test_a_file_that_is_not_what_its_name_says_is_kept_with_a_warning(
    app: Whole, name: str, data: bytes, told: str
) -> None:
    item, session = await sent(app, {name: data})
    _, found, _ = await validated(app, session)
    assert [told in each for each in found] == [True]
    await app.complete(session)
    assert await warnings(app, item) == found
    assert await app.content(item) == {name: data}


async def test_a_web_page_and_an_archive_in_the_place_of_a_descriptor_are_named(app: Whole) -> None:
    _, session = await sent(app, {"tiny.ovf": b"KDMV" + bytes(600)}, type="ovf")
    text = (await app.refusal("POST", f"{UPDATES}/id:{session}?~action=complete"))[2]
    assert "file 'tiny.ovf' is not an OVF descriptor: it is a VMDK disk image, not XML" in text
    session = await app.session(await app.item("other", await app.library("other"), type="ovf"))
    answer = await app.push(session, "tiny.ova", b"KDMV" + bytes(2000))
    assert "it is a VMDK disk image; an OVA is a tar that begins with an OVF descriptor" in answer.json()["error_message"]
