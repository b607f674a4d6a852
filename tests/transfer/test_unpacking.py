from __future__ import annotations

import hashlib
import tarfile

import msgspec
import pytest

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import NotReady
from contentlib.library.model import UpdateFile
from contentlib.library.packages import Findings
from packages import archive, descriptor, manifest, package
from transfer.parts import BREAK, STORAGE, Client, Parts


async def _named(parts: Parts, file: UpdateFile) -> dict[str, str]:
    return {each.name: each.status for each in await parts.updates.files(file.session)}


@pytest.mark.parametrize("step", [100, 5000, 1 << 20])
async def test_an_archive_becomes_the_files_in_it(parts: Parts, client: Client, step: int) -> None:
    files = package()
    data = archive(files)
    item = await parts.item()
    file, address = await parts.push("tiny.ova", size=len(data), item=item)
    answered = await client.call("PUT", address, body=[data[at : at + step] for at in range(0, len(data), step)])
    told = {"name": "tiny.ova", "size": len(data), "status": "READY", "files": list(files)}
    assert (answered.status, msgspec.json.decode(answered.body)) == (200, told)
    assert await _named(parts, file) == dict.fromkeys(files, "READY")
    await parts.updates.complete(file.session)
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
    with pytest.raises(NotReady, match=f"'disk1.vmdk' has the {algorithm} checksum {actual}, the manifest 'tiny.mf' says"):
        await parts.updates.complete(file.session)
    found = await parts.updates.validate(file.session)
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
    assert "'../../etc/passwd' is no plain file name, at byte 1024" in failed.fault.text
    assert await _named(parts, file) == {"tiny.ova": "ERROR"}
    assert parts.store.uploads(STORAGE) == []


async def test_an_archive_that_breaks_off_can_be_sent_again(parts: Parts, client: Client) -> None:
    files = package()
    data = archive(files)
    file, address = await parts.push("tiny.ova")
    await client.call("PUT", address, {"content-length": str(len(data))}, [data[:3000], BREAK])
    failed = await parts.file(file)
    assert failed.fault is not None
    assert failed.fault.text == f"the connection broke after 3000 of {len(data)} bytes"
    assert await _named(parts, file) == {"tiny.ova": "ERROR"}
    assert (await client.call("HEAD", address)).headers["upload-offset"] == "0"
    assert (await client.call("PUT", address, body=[data])).status == 200
    assert await _named(parts, file) == dict.fromkeys(files, "READY")


async def test_a_part_of_an_archive_is_refused(parts: Parts, client: Client) -> None:
    data = archive(package())
    _, address = await parts.push("tiny.ova")
    answered = await client.call("PUT", address, {"content-range": f"bytes 0-9/{len(data)}"}, [data[:10]])
    assert (answered.status, answered.headers["upload-offset"]) == (400, "0")
    assert b"it is sent as a whole" in answered.body


@pytest.mark.parametrize("size", [1, 10**9])
async def test_a_wrong_size_of_an_archive_is_told(parts: Parts, client: Client, size: int) -> None:
    file, address = await parts.push("tiny.ova", size=size)
    answered = await client.call("PUT", address, body=[archive(package())])
    assert b"expected were " + str(size).encode() in answered.body
    assert await _named(parts, file) == {"tiny.ova": "ERROR"}


async def test_a_wrong_checksum_of_an_archive_is_told(parts: Parts, client: Client) -> None:
    file, address = await parts.push("tiny.ova", checksum=Checksum(Algorithm.SHA1, "0" * 40))
    answered = await client.call("PUT", address, body=[archive(package())])
    assert msgspec.json.decode(answered.body)["status"] == "ERROR"
    assert b"expected was " + b"0" * 40 in answered.body
    assert await _named(parts, file) == {"tiny.ova": "ERROR"}


async def test_a_truncated_archive_is_told(parts: Parts, client: Client) -> None:
    data = archive(package())[:4000]
    file, address = await parts.push("tiny.ova")
    answered = await client.call("PUT", address, body=[data])
    assert msgspec.json.decode(answered.body)["status"] == "ERROR"
    assert b"it ends in the middle, at byte 4000" in answered.body
    assert await _named(parts, file) == {"tiny.ova": "ERROR"}


async def test_a_package_that_lacks_a_file_is_told_by_name(parts: Parts, client: Client) -> None:
    data = archive({"tiny.ovf": descriptor({"disk1.vmdk": 5, "disk2.vmdk": 7}), "disk1.vmdk": b"12345"})
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[data])).status == 200
    assert (await parts.updates.validate(file.session)).missing == ("disk2.vmdk",)
    with pytest.raises(NotReady, match=r"file 'disk2.vmdk' is referenced by the descriptor and is not there"):
        await parts.updates.complete(file.session)


async def test_a_size_that_only_the_descriptor_contradicts_and_a_stranger_are_warnings(parts: Parts, client: Client) -> None:
    data = archive({"tiny.ovf": descriptor({"disk1.vmdk": 6}), "disk1.vmdk": b"12345", "notes.txt": b""})
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[data])).status == 200
    found = await parts.updates.validate(file.session)
    assert not found
    assert [fault.text for _, fault in found.warnings] == [
        "file 'disk1.vmdk' has 5 bytes, the descriptor says 6",
        "file 'notes.txt' is not referenced by the descriptor 'tiny.ovf'; remove it, or reference it",
    ]


@pytest.mark.parametrize("size", ['ovf:size="9"', ""])
async def test_a_file_in_pieces_is_there_with_all_of_them(parts: Parts, client: Client, size: str) -> None:
    text = descriptor({"d.vmdk": 9}).replace(b'ovf:size="9"', f'{size} ovf:chunkSize="4"'.encode())
    pieces = {f"d.vmdk.00000000{n}": data for n, data in enumerate([b"1234", b"5678", b"9"])}
    item = await parts.item()
    file, address = await parts.push("tiny.ova", item=item)
    assert (await client.call("PUT", address, body=[archive({"tiny.ovf": text, **pieces})])).status == 200
    await parts.updates.complete(file.session)
    assert {stored.name for stored in (await parts.items.files(item))[1].files} == {"tiny.ovf", *pieces}


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ({0: 4, 2: 4}, "file 'd.vmdk.000000002' is not referenced by the descriptor"),
        ({0: 3, 1: 4}, "file 'd.vmdk.000000000' is a piece of 3 bytes, the descriptor says that a piece has 4"),
        ({0: 4, 1: 5}, "file 'd.vmdk.000000001' is a piece of 5 bytes, the descriptor says that a piece has 4"),
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
    return await parts.updates.validate(file.session)


async def test_a_manifest_that_lists_what_is_not_there_is_told(parts: Parts, client: Client) -> None:
    files = {"tiny.ovf": descriptor({})}
    files["tiny.mf"] = manifest({**files, "gone.vmdk": b""})
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[archive(files)])).status == 200
    with pytest.raises(NotReady, match=r"the manifest 'tiny.mf' lists file 'gone.vmdk', which is not there"):
        await parts.updates.complete(file.session)


async def test_a_posix_archive_with_long_names_is_unpacked(parts: Parts, client: Client) -> None:
    name = "d" * 150 + ".vmdk"
    data = archive({"tiny.ovf": descriptor({name: b"12345"}), name: b"12345"}, tarfile.PAX_FORMAT)
    file, address = await parts.push("tiny.ova")
    assert (await client.call("PUT", address, body=[data])).status == 200
    await parts.updates.complete(file.session)
