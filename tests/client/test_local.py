"""Items that local files make."""

from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path

import pytest

from client.making import written
from contentlib.client.failures import ClientFailed
from contentlib.client.local import items_at
from packages import archive, descriptor, package


def test_a_folder_makes_an_item_of_each_thing_in_it(folder: Path) -> None:
    written(folder, {"debian.iso": b"d", "notes.txt": b"n", ".hidden": b"h", "half.iso.part": b"p"})
    written(folder, package())
    written(folder, {"win/win.iso": b"w", "tools/a": b"1", "tools/b": b"2", "empty/.hidden": b"h"})
    found = {item.name: (item.type, {file.name for file in item.files}) for item in items_at(folder)}
    assert found == {
        "tiny": ("ovf", {"tiny.ovf", "tiny.mf", "disk1.vmdk"}),
        "debian": ("iso", {"debian.iso"}),
        "notes": (None, {"notes.txt"}),
        "win": ("iso", {"win.iso"}),
        "tools": (None, {"a", "b"}),
    }


async def test_the_members_of_an_archive_are_sections_of_it(folder: Path) -> None:
    files = package()
    written(folder, {"tiny.ova": archive(files)})
    (found,) = items_at(folder / "tiny.ova")
    assert [file.name for file in found.files] == list(files)
    for file in found.files:
        assert file.digest("SHA256") == hashlib.sha256(files[file.name]).hexdigest()
        assert b"".join([piece async for piece in file.pieces(3)]) == files[file.name][3:]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.ovf": descriptor({"missing.vmdk": 5})}, "references 'missing.vmdk', which is not in the same folder"),
        ({"a.ovf": descriptor({"../x": 5})}, "only files in the same folder"),
        ({"a.ovf": b"<no"}, "not a valid OVF descriptor"),
        ({"a.ova": b"not a tar" * 100}, "cannot be read"),
        ({"a.iso": b"", "a.txt": b""}, "would become item 'a'"),
        ({}, "has no files"),
    ],
)
def test_what_cannot_be_imported_is_explained(folder: Path, files: dict[str, bytes], said: str) -> None:
    written(folder, files)
    with pytest.raises(ClientFailed, match=said):
        items_at(folder)


def test_an_archive_with_a_link_is_refused(folder: Path) -> None:
    link = tarfile.TarInfo("disk.vmdk")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    written(folder, {"a.ova": archive([(link, b"")])})
    with pytest.raises(ClientFailed, match=r"'disk\.vmdk' is not a plain file"):
        items_at(folder / "a.ova")


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.iso")
    with pytest.raises(ClientFailed, match="cannot be read"):
        items_at(folder / "pipe.iso")


async def test_a_file_that_shrinks_is_an_error(folder: Path) -> None:
    written(folder, {"a.iso": b"0123456789"})
    (found,) = items_at(folder / "a.iso")
    (folder / "a.iso").write_bytes(b"0123")
    with pytest.raises(ClientFailed, match="truncated"):
        _ = [piece async for piece in found.files[0].pieces(0)]
