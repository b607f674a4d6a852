"""OVF packages and OVAs from the wild, on every way into a running application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from contentlib.library.packages.ovf import read_descriptor
from packages import archive
from publisher import Publisher, publishing
from pulling import Pulling
from whole import Whole
from wild import ARCHIVES, PACKAGES, Facts, Package, members, read

_SHA1 = "711c48f14c934228b8e117d036c913cdb9d63305"
EVERY = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: f"{package.folder}/{package.names[0]}")
EVERY_ARCHIVE = pytest.mark.parametrize("path", ARCHIVES)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as running:
        yield running


def facts(text: bytes) -> Facts:
    found = read_descriptor("a.ovf", text)
    counts = len(found.configurations), len(found.properties)
    return Facts(found.systems, len(found.disks), found.networks, found.eulas, *counts, found.collection)


async def filled(app: Whole, files: Mapping[str, bytes]) -> str:
    """A new item to which files were sent."""
    item = await app.item()
    session = await app.session(item)
    for name, data in files.items():
        assert (await app.push(session, name, data)).status_code == 200
    await app.complete(session)
    return item


async def taken(app: Whole, item: str, files: Mapping[str, bytes]) -> None:
    """The item has become an OVF package of these files."""
    found = await app.rest("GET", f"/library/item/id:{item}")
    assert (found["type"], found["size"]) == ("ovf", sum(map(len, files.values())))
    assert await app.content(item) == files


async def refused(app: Whole, item: str, files: Mapping[str, bytes]) -> str:
    """Why a package is not taken."""
    session = await app.session(item)
    for name, data in files.items():
        await app.push(session, name, data)
    _, _, text = await app.refusal("POST", f"/library/item/update-session/id:{session}?~action=complete")
    return text


@EVERY
def test_a_descriptor_is_known_for_what_it_is(package: Package) -> None:
    assert facts(read(f"{package.folder}/{package.names[0]}")) == package.facts


@EVERY
async def test_a_package_is_taken_file_by_file(app: Whole, package: Package) -> None:
    await taken(app, await filled(app, package.files), package.files)


@EVERY
@pytest.mark.parametrize("first", [True, False], ids=["descriptor first", "descriptor last"])
async def test_a_package_is_taken_as_an_archive(app: Whole, package: Package, first: bool) -> None:
    files = package.files if first else dict(reversed(package.files.items()))
    await taken(app, await filled(app, {"wild.ova": archive(files)}), files)


@EVERY
async def test_a_package_is_fetched_by_its_descriptor(pulling: Pulling, publisher: Publisher, package: Package) -> None:
    publisher.files |= {f"/wild/{name}": data for name, data in package.files.items()}
    session, item = await pulling.pull(f"/wild/{package.names[0]}")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    await taken(pulling.app, item, package.files)


@EVERY_ARCHIVE
async def test_an_archive_is_taken(app: Whole, path: str) -> None:
    files = members(read(path))
    assert facts(next(data for name, data in files.items() if name.endswith(".ovf"))) == ARCHIVES[path]
    await taken(app, await filled(app, {"wild.ova": read(path)}), files)


@EVERY_ARCHIVE
async def test_an_archive_is_fetched(pulling: Pulling, publisher: Publisher, path: str) -> None:
    publisher.files["/wild.ova"] = read(path)
    session, item = await pulling.pull("/wild.ova")
    await pulling.app.complete(session)
    assert (await pulling.ended(session))["state"] == "DONE"
    await taken(pulling.app, item, members(read(path)))


@pytest.mark.parametrize(
    ("folder", "names", "told"),
    [
        ("cot", ("invalid.ovf", "input.iso"), "disk 'flash2' in descriptor 'invalid.ovf' refers to file id 'flash2', but no"),
        ("cot", ("invalid.ovf", "input.iso"), "file 'this_is_a_really_long_filename_for_a_disk.vmdk' is referenced by"),
        ("cot", ("v0.9.ovf",), "file 'input.vmdk' is referenced by the descriptor but missing"),
        ("cot", ("input.ovf", "input.mf", "input.vmdk"), "manifest 'input.mf' lists file 'input.iso', which is missing"),
        ("ganeti", ("no_disk_in_ref.ovf", "second_disk.vmdk"), "refers to file id 'file1', but no file has this id"),
        (
            "ganeti",
            ("wrong_manifest.ovf", "wrong_manifest.mf", "new_disk.vmdk"),
            f"'new_disk.vmdk' has SHA1 checksum {_SHA1}; manifest 'wrong_manifest.mf' declares 0500304662fb8a6a7925b5a43b",
        ),
        (
            "ganeti",
            ("wrong_xml.ovf", "new_disk.vmdk"),
            "file 'wrong_xml.ovf' is not an OVF descriptor: XML is not well-formed: error parsing",
        ),
        ("ganeti", ("corrupted_resources.ovf",), "file 'other_disk.vmdk' is referenced by the descriptor but missing"),
    ],
)
async def test_a_wrong_package_is_refused_for_what_is_wrong(app: Whole, folder: str, names: tuple[str, ...], told: str) -> None:
    files = {name: read(f"{folder}/{name}") for name in names}
    assert told in await refused(app, await app.item(), files)


async def test_a_piece_that_lacks_is_named(app: Whole) -> None:
    files = members(read("pyvcloud/template_with_custom_chunk_size.ova"))
    del files["template_with_custom_chunk_size-disk1.vmdk.000000001"]
    told = "file 'template_with_custom_chunk_size-disk1.vmdk.000000001' is referenced by the descriptor but missing"
    assert told in await refused(app, await app.item(), files)


async def test_zeros_in_the_place_of_a_disk_are_found_by_the_manifest(app: Whole) -> None:
    (package,) = [each for each in PACKAGES if each.folder == "pyvcloud/yVM"]
    files = {**package.files, "descriptor.mf": read("pyvcloud/yVM/descriptor.mf")}
    text = await refused(app, await app.item(), files)
    assert "file 'vm-ee15de00-1008-49a7-89dc-4885ca633c25-disk-0.vmdk' has SHA1 checksum 8" in text
    assert "manifest 'descriptor.mf' declares 0c1a45b501fba6a6ca3ecaa9b3bdb56254f9afad" in text


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (
            "glance/testserver-bad-ovf.ova",
            "file 'illegal-xml.ovf' is not an OVF descriptor: XML is not well-formed: StartTag: invalid element",
        ),
        ("glance/testserver-no-disk.ova", "file 'testserver-disk1.vmdk' is referenced by the descriptor but missing"),
        ("glance/testserver-no-ovf.ova", "descriptor (*.ovf) is missing; add it"),
        ("ganeti/ova.ova", "it is compressed with gzip; an OVA is an uncompressed tar"),
        ("ganeti/no_ovf.ova", "it is compressed with gzip; an OVA is an uncompressed tar"),
        (
            "ganeti/wrong_ova.ova",
            "cannot unpack archive: it is an OVF descriptor; an OVA is a tar that begins with an OVF descriptor",
        ),
    ],
)
async def test_a_wrong_archive_is_refused_for_what_is_wrong(app: Whole, path: str, told: str) -> None:
    assert told in await refused(app, await app.item(type="ovf"), {"wild.ova": read(path)})
