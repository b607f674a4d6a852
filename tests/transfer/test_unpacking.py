from __future__ import annotations

import errno
import hashlib
import tarfile
from itertools import cycle
from pathlib import Path

import msgspec
import pytest

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import NotReady
from contentlib.library.model import UpdateFile
from contentlib.library.packages.checks import Findings
from contentlib.library.sessions.file_transfers import UploadTarget
from packages import archive, descriptor, manifest, package
from transfer.parts import BREAK, STORAGE, Answered, Client, Parts, parts_on


async def _named(parts: Parts, file: UpdateFile) -> dict[str, str]:
    return {each.name: each.status for each in await parts.files.all(file.session)}


@pytest.mark.parametrize("step", [100, 5000, 1 << 20])
async def test_an_archive_becomes_the_files_in_it(parts: Parts, client: Client, step: int) -> None:
    files = package()
    data = archive(files)
    item = await parts.item()
    file, address = await parts.push("tiny.ova", size=len(data), item=item)
    answered = await client.call("PUT", address, body=[data[at : at + step] for at in range(0, len(data), step)])
    told = {"name": "tiny.ova", "size": len(data), "status": "READY", "files": list(files)}
    assert (answered.status, msgspec.json.decode(answered.body)) == (200, told)
    assert await _named(parts, file) == dict.fromkeys(["tiny.ova", *files], "READY")
    assert (await parts.file(file)).received == len(data)
    await parts.completion.complete(file.session)
    kept, version = await parts.items.files(item)
    assert kept.type == "ovf"
    for stored in version.files:
        assert b"".join(parts.store.read(STORAGE, stored.blob)) == files[stored.name]
    assert parts.store.uploads(STORAGE) == []


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
@pytest.mark.parametrize("last", [True, False])
async def test_the_manifest_is_verified_wherever_it_stands(parts: Parts, client: Client, algorithm: str, last: bool) -> None:
    files = package(algorithm=algorithm)
    files["disk1.vmdk"] = files["disk1.vmdk"].replace(b"disk", b"d1sk", 1)
    if last:
        files["tiny.mf"] = files.pop("tiny.mf")
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[archive(files)])).status == 200
    actual = hashlib.new(algorithm, files["disk1.vmdk"]).hexdigest()
    with pytest.raises(NotReady, match=f"'disk1.vmdk' has {algorithm} checksum {actual}; manifest 'tiny.mf' declares"):
        await parts.completion.complete(file.session)
    found = await parts.completion.validate(file.session)
    assert [name for name, _ in found.invalid] == ["disk1.vmdk"]


async def test_an_archive_of_another_item_stays_an_archive(parts: Parts, client: Client) -> None:
    item = await parts.item()
    async with parts.metadata.transaction(durable=False) as transaction:
        row = await transaction.items.get(item)
        assert row is not None
        await transaction.items.put(msgspec.structs.replace(row, type="other", folded_type="other"))
    file, address = await parts.push("tiny.ova", item=item)
    assert (await client.call("PUT", address, body=[archive(package())])).status == 200
    assert await _named(parts, file) == {"tiny.ova": "READY"}


async def test_a_hostile_archive_leaves_nothing_but_what_is_wrong_with_it(parts: Parts, client: Client) -> None:
    data = archive({"a.ovf": b"x", "../../etc/passwd": b"y"})
    file, address = await parts.push("tiny.ova")
    answered = await client.call("PUT", address, body=[data])
    failed = await parts.file(file)
    assert failed.fault is not None
    assert (answered.status, msgspec.json.decode(answered.body)["error_message"]) == (200, failed.fault.text)
    assert "'../../etc/passwd' is not a plain file name (at byte 1024)" in failed.fault.text
    assert await _named(parts, file) == {"tiny.ova": "ERROR"}
    assert parts.store.uploads(STORAGE) == []


async def test_an_archive_that_breaks_off_can_be_sent_again(parts: Parts, client: Client) -> None:
    files = package()
    data = archive(files)
    file, address = await parts.push("tiny.ova")
    await client.call("PUT", address, {"content-length": str(len(data))}, [data[:3000], BREAK])
    failed = await parts.file(file)
    assert failed.fault is not None
    assert failed.fault.text == f"connection lost after 3000 of {len(data)} bytes"
    assert (failed.status, failed.received) == ("ERROR", 3000)
    assert (await client.call("HEAD", address)).headers["upload-offset"] == "3000"
    assert (await client.call("PUT", address, body=[data])).status == 200
    assert await _named(parts, file) == dict.fromkeys(["tiny.ova", *files], "READY")


async def _part(client: Client, address: str, data: bytes, start: int, end: int) -> Answered:
    headers = {"content-range": f"bytes {start}-{end - 1}/{len(data)}"}
    return await client.call("PUT", address, headers, [data[start:end]])


FORMS = pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])


@pytest.mark.parametrize("turns", [1, 2], ids=["memory", "in turns"])
@pytest.mark.parametrize(
    ("form", "step"),
    [(tarfile.USTAR_FORMAT, 512), (tarfile.PAX_FORMAT, 333), (tarfile.GNU_FORMAT, 700), (tarfile.PAX_FORMAT, 5000)],
)
async def test_an_archive_is_sent_in_parts_of_any_size(tmp_path: Path, form: int, turns: int, step: int) -> None:
    all_parts = [Parts(tmp_path) for _ in range(turns)]
    parts = all_parts[0]
    clients = cycle(Client(each.application()) for each in all_parts)  # as of processes that each remember what is no longer so
    name = ("d" if form == tarfile.USTAR_FORMAT else "d" * 120) + ".vmdk"
    files = {"tiny.ovf": descriptor({name: b"disk " * 500, "empty.iso": b""}), name: b"disk " * 500, "empty.iso": b""}
    files["tiny.mf"] = manifest(files)
    data = archive(files, form) + b"what follows"
    item = await parts.item()
    checksum = Checksum(Algorithm.SHA512, hashlib.sha512(data).hexdigest())
    file, address = await parts.push("tiny.ova", size=len(data), checksum=checksum, item=item)
    for start, client in zip(range(0, len(data), step), clients, strict=False):
        assert (await client.call("HEAD", address)).headers["upload-offset"] == str(start)
        answered = await _part(client, address, data, start, min(start + step, len(data)))
        assert answered.status == 200, answered.body
    assert await _named(parts, file) == dict.fromkeys(["tiny.ova", *files], "READY")
    await parts.completion.complete(file.session)
    _, version = await parts.items.files(item)
    assert {stored.name: b"".join(parts.store.read(STORAGE, stored.blob)) for stored in version.files} == files
    assert parts.store.uploads(STORAGE) == []
    for each in all_parts:
        await each.metadata.close()


@pytest.mark.parametrize("turns", [1, 2], ids=["memory", "in turns"])
async def test_an_archive_goes_on_wherever_it_broke_off(tmp_path: Path, turns: int) -> None:
    all_parts = [Parts(tmp_path) for _ in range(turns)]
    parts = all_parts[0]
    clients = cycle(Client(each.application()) for each in all_parts)
    files = package(b"disk " * 100)
    data = archive(files)
    for end in range(1, 6000, 607):
        client = next(clients)
        item = await parts.item()
        file, address = await parts.push("tiny.ova", size=len(data), item=item)
        await client.call("PUT", address, {"content-length": str(len(data))}, [data[:end], BREAK])
        assert (await client.call("HEAD", address)).headers["upload-offset"] == str(end)
        answered = await _part(next(clients), address, data, end, len(data))
        assert (answered.status, msgspec.json.decode(answered.body)["files"]) == (200, list(files))
        await parts.completion.complete(file.session)
    for each in all_parts:
        await each.metadata.close()


async def test_a_part_that_does_not_follow_is_refused_with_where_to_go_on(parts: Parts, client: Client) -> None:
    data = archive(package())
    _, address = await parts.push("tiny.ova")
    assert (await _part(client, address, data, 0, 2000)).status == 200
    answered = await _part(client, address, data, 3000, 4000)
    assert (answered.status, answered.headers["upload-offset"]) == (409, "2000")
    assert b"must continue at byte 2000, not 3000" in answered.body


@pytest.mark.parametrize("end", [3000, 2000, 600])
async def test_what_another_process_has_unpacked_meanwhile_is_read_again(
    tmp_path: Path, parts: Parts, client: Client, end: int
) -> None:
    """As at a reload: the old worker remembers an archive, the new one has taken as many bytes of another instead."""
    first, second = archive(package(b"disk " * 500)), archive(package(b"DISK " * 500))
    item = await parts.item()
    file, address = await parts.push("tiny.ova", item=item)
    await _part(client, address, first, 0, end)
    async with parts_on(tmp_path) as others:
        other = Client(others.application())
        await other.call("PUT", address, {"content-length": str(len(second))}, [second[:end], BREAK])
    assert (await _part(client, address, second, end, len(second))).status == 200
    await parts.completion.complete(file.session)
    stored = {each.name: each.blob for each in (await parts.items.files(item))[1].files}
    assert {name: b"".join(parts.store.read(STORAGE, blob)) for name, blob in stored.items()} == package(b"DISK " * 500)


async def test_an_archive_goes_on_after_a_file_in_it_could_not_be_opened(
    parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, stage = archive(package()), parts.store.stage
    item = await parts.item()
    file, address = await parts.push("tiny.ova", item=item)

    def fails(storage: str, upload: str) -> object:
        if upload != file.id:
            raise OSError(errno.EIO, "broken")
        return stage(storage, upload)

    with monkeypatch.context() as patched:
        patched.setattr(parts.store, "stage", fails)
        assert (await _part(client, address, data, 0, 512)).status == 400
    assert (await client.call("HEAD", address)).headers["upload-offset"] == "512"
    assert (await _part(client, address, data, 512, len(data))).status == 200
    await parts.completion.complete(file.session)
    assert {each.name for each in (await parts.items.files(item))[1].files} == set(package())


async def test_a_request_that_comes_too_late_drops_nothing_of_a_whole_archive(
    parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, target = archive(package()), parts.file_transfers.target
    file, address = await parts.push("tiny.ova")
    before = await target(file.session, file.id)
    assert (await client.call("PUT", address, body=[data])).status == 200

    async def read_before(session_id: str, file_id: str) -> UploadTarget:
        return before

    with monkeypatch.context() as patched:
        patched.setattr(parts.file_transfers, "target", read_before)
        assert (await client.call("PUT", address, body=[data])).status == 409
    assert await _named(parts, file) == dict.fromkeys(["tiny.ova", *package()], "READY")


async def test_what_replaces_an_archive_known_by_its_bytes_replaces_its_files(parts: Parts, client: Client) -> None:
    file, address = await parts.push("tiny.iso")
    assert (await client.call("PUT", address, body=[archive(package())])).status == 200
    assert (await client.call("PUT", address, body=[b"plain"])).status == 200
    assert await _named(parts, file) == {"tiny.iso": "READY"}


async def test_what_is_left_of_an_archive_and_does_not_fit_together_is_sent_again(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    client = Client(parts.application())
    data = archive(package())
    file, address = await parts.push("tiny.ova")
    await _part(client, address, data, 0, 3000)
    (disk,) = [member for member in await parts.files.all(file.session) if member.name == "disk1.vmdk"]
    with parts.store.stage(STORAGE, disk.id) as staged:  # as after a power failure
        staged.append(bytes(1 << 20))
    assert (await client.call("HEAD", address)).headers["upload-offset"] == "0"
    assert (await _part(client, address, data, 0, len(data))).status == 200
    await parts.completion.complete(file.session)
    await parts.metadata.close()


async def test_an_archive_that_was_unpacked_is_sent_again_in_the_place_of_the_first(parts: Parts, client: Client) -> None:
    item = await parts.item()
    file, address = await parts.push("tiny.ova", item=item)
    assert (await client.call("PUT", address, body=[archive(package())])).status == 200
    text = descriptor({"other.vmdk": b"other"})
    assert (await client.call("PUT", address, body=[archive({"a.ovf": text, "other.vmdk": b"other"})])).status == 200
    assert set(await _named(parts, file)) == {"tiny.ova", "a.ovf", "other.vmdk"}
    await parts.completion.complete(file.session)
    assert {stored.name for stored in (await parts.items.files(item))[1].files} == {"a.ovf", "other.vmdk"}


async def test_an_archive_that_is_removed_takes_its_files_with_it(parts: Parts, client: Client) -> None:
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[archive(package())])).status == 200
    await parts.files.remove(file.session, "tiny.ova")
    assert await _named(parts, file) == {}


@FORMS
@pytest.mark.parametrize("name", ["tiny", "download?id=7", "tiny.ovf", "tiny.iso", "tiny.tar"])
async def test_an_archive_is_known_by_its_bytes(parts: Parts, client: Client, name: str, form: int) -> None:
    files = package()
    item = await parts.item()
    file, address = await parts.push(name, item=item)
    assert (await client.call("PUT", address, body=[archive(files, form)])).status == 200
    shown = [name, *files] if name not in files else [f"{name}.ova", *files]
    assert await _named(parts, file) == dict.fromkeys(shown, "READY")
    await parts.completion.complete(file.session)
    kept, version = await parts.items.files(item)
    assert (kept.type, {stored.name for stored in version.files}) == ("ovf", set(files))
    assert parts.store.uploads(STORAGE) == []


async def test_a_tar_without_a_descriptor_is_a_file(parts: Parts, client: Client) -> None:
    data = archive({"notes.txt": b"hello", "more.txt": b""})
    for name in ("backup.tar", "backup.ova"):
        item = await parts.item()
        file, address = await parts.push(name, item=item)
        assert (await client.call("PUT", address, body=[data])).status == 200
        assert await _named(parts, file) == {name: "READY"}
        warnings = (await parts.completion.validate(file.session)).warnings
        assert [fault.id for _, fault in warnings] == (["file.not_as_named"] if name == "backup.ova" else [])
        await parts.completion.complete(file.session)
        (stored,) = (await parts.items.files(item))[1].files
        assert b"".join(parts.store.read(STORAGE, stored.blob)) == data
        assert parts.store.uploads(STORAGE) == []


@pytest.mark.parametrize("step", [400, 10_000])
async def test_an_ova_that_is_none_is_kept_with_a_warning(parts: Parts, client: Client, step: int) -> None:
    data = b"KDMV" + bytes(range(256)) * 10
    item = await parts.item()
    file, address = await parts.push("tiny.ova", size=len(data), item=item)
    for start in range(0, len(data), step):
        assert (await _part(client, address, data, start, min(start + step, len(data)))).status == 200
    ((_, warning),) = (await parts.completion.validate(file.session)).warnings
    assert "file 'tiny.ova' is not an OVA" in warning.text
    assert "it contains a VMDK disk image; it is stored as a plain file" in warning.text
    await parts.completion.complete(file.session)
    (stored,) = (await parts.items.files(item))[1].files
    assert b"".join(parts.store.read(STORAGE, stored.blob)) == data


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (1, b"file 'tiny.ova' is larger than the expected 1 bytes"),
        (10**9, b"file 'tiny.ova' is 10240 bytes, expected 1000000000"),
    ],
)
async def test_a_wrong_size_of_an_archive_is_told(parts: Parts, client: Client, size: int, told: bytes) -> None:
    file, address = await parts.push("tiny.ova", size=size)
    answered = await client.call("PUT", address, body=[archive(package())])
    assert told in answered.body
    assert await _named(parts, file) == {"tiny.ova": "ERROR"}


async def test_a_wrong_checksum_of_an_archive_is_told(parts: Parts, client: Client) -> None:
    file, address = await parts.push("tiny.ova", checksum=Checksum(Algorithm.SHA1, "0" * 40))
    answered = await client.call("PUT", address, body=[archive(package())])
    assert msgspec.json.decode(answered.body)["status"] == "ERROR"
    assert b"expected " + b"0" * 40 in answered.body
    assert await _named(parts, file) == {"tiny.ova": "ERROR"}


async def test_a_truncated_archive_is_told(parts: Parts, client: Client) -> None:
    data = archive(package())[:4000]
    file, address = await parts.push("tiny.ova")
    answered = await client.call("PUT", address, body=[data])
    assert msgspec.json.decode(answered.body)["status"] == "ERROR"
    assert b"cannot unpack archive: truncated at byte 4000" in answered.body
    assert await _named(parts, file) == {"tiny.ova": "ERROR"}


async def test_a_package_that_lacks_a_file_is_told_by_name(parts: Parts, client: Client) -> None:
    data = archive({"tiny.ovf": descriptor({"disk1.vmdk": 5, "disk2.vmdk": 7}), "disk1.vmdk": b"12345"})
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[data])).status == 200
    assert (await parts.completion.validate(file.session)).missing == ("disk2.vmdk",)
    with pytest.raises(NotReady, match=r"file 'disk2.vmdk' is referenced by the descriptor but missing"):
        await parts.completion.complete(file.session)


async def test_a_size_that_only_the_descriptor_contradicts_and_a_stranger_are_warnings(parts: Parts, client: Client) -> None:
    data = archive({"tiny.ovf": descriptor({"disk1.vmdk": 6}), "disk1.vmdk": b"12345", "notes.txt": b""})
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[data])).status == 200
    found = await parts.completion.validate(file.session)
    assert not found
    assert [fault.text for _, fault in found.warnings] == [
        "file 'disk1.vmdk' is 5 bytes; the descriptor declares 6",
        "file 'notes.txt' is not referenced by descriptor 'tiny.ovf'; remove it or reference it",
    ]


@pytest.mark.parametrize("size", ['ovf:size="9"', ""])
async def test_a_file_in_pieces_is_there_with_all_of_them(parts: Parts, client: Client, size: str) -> None:
    text = descriptor({"d.vmdk": 9}).replace(b'ovf:size="9"', f'{size} ovf:chunkSize="4"'.encode())
    pieces = {f"d.vmdk.00000000{n}": data for n, data in enumerate([b"1234", b"5678", b"9"])}
    item = await parts.item()
    file, address = await parts.push("tiny.ova", item=item)
    assert (await client.call("PUT", address, body=[archive({"tiny.ovf": text, **pieces})])).status == 200
    await parts.completion.complete(file.session)
    assert {stored.name for stored in (await parts.items.files(item))[1].files} == {"tiny.ovf", *pieces}


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ({0: 4, 2: 4}, "file 'd.vmdk.000000002' is not referenced by descriptor 'tiny.ovf'"),
        ({0: 3, 1: 4}, "chunk 'd.vmdk.000000000' is 3 bytes; the descriptor declares chunks of 4"),
        ({0: 4, 1: 5}, "chunk 'd.vmdk.000000001' is 5 bytes; the descriptor declares chunks of 4"),
    ],
)
async def test_pieces_that_are_no_pieces_of_a_file_are_told(
    parts: Parts, client: Client, sizes: dict[int, int], told: str
) -> None:
    assert told in "; ".join(fault.text for _, fault in (await _pieces(parts, client, sizes)).warnings)


async def test_a_file_without_any_of_its_pieces_is_missing(parts: Parts, client: Client) -> None:
    assert (await _pieces(parts, client, {})).missing == ("d.vmdk.000000000",)


async def _pieces(parts: Parts, client: Client, sizes: dict[int, int]) -> Findings:
    """What is wrong with a package whose disk is in pieces of these sizes, and of 4 bytes by its descriptor."""
    text = descriptor({"d.vmdk": 9}).replace(b'ovf:size="9"', b'ovf:chunkSize="4"')
    pieces = {f"d.vmdk.00000000{n}": bytes(size) for n, size in sizes.items()}
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[archive({"tiny.ovf": text, **pieces})])).status == 200
    return await parts.completion.validate(file.session)


async def test_a_manifest_that_lists_what_is_not_there_is_told(parts: Parts, client: Client) -> None:
    files = {"tiny.ovf": descriptor({})}
    files["tiny.mf"] = manifest({**files, "gone.vmdk": b""})
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[archive(files)])).status == 200
    with pytest.raises(NotReady, match=r"manifest 'tiny.mf' lists file 'gone.vmdk', which is missing"):
        await parts.completion.complete(file.session)


async def test_a_posix_archive_with_long_names_is_unpacked(parts: Parts, client: Client) -> None:
    name = "d" * 150 + ".vmdk"
    data = archive({"tiny.ovf": descriptor({name: b"12345"}), name: b"12345"}, tarfile.PAX_FORMAT)
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[data])).status == 200
    await parts.completion.complete(file.session)
