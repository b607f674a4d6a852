from __future__ import annotations

import pytest

from contentlib.library.model import Source, TransferStatus, UpdateFile
from contentlib.transfer.addresses import DataAddress, SignedAddresses, StaticAddress, loggable_path, read_static

ADDRESSES = SignedAddresses(b"key")
FILE = UpdateFile("f1", "s1", "a b/ü%?.iso", Source.PUSH, TransferStatus.READY)


def test_the_address_of_an_upload_is_read_as_it_was_made() -> None:
    address = ADDRESSES.upload(FILE)
    assert address.startswith("/cls/data/s1/f1/")
    assert address.endswith("/a%20b%2F%C3%BC%25%3F.iso")
    assert ADDRESSES.read(address) == DataAddress("upload", "s1", "f1")


def test_the_address_of_a_download_is_read_as_it_was_made() -> None:
    address = ADDRESSES.download("s1", 12, "x")
    assert ADDRESSES.read(address) == DataAddress("download", "s1", "12")


def test_the_name_in_an_address_is_not_looked_at() -> None:
    address = ADDRESSES.download("s1", 0, "x")
    assert ADDRESSES.read(address.removesuffix("x") + "y/z") == ADDRESSES.read(address) is not None


def test_a_signature_has_192_bits() -> None:
    assert len(ADDRESSES.upload(FILE).split("/")[5]) == 192 // 6


def altered() -> list[str]:
    """Addresses that are nearly right."""
    _, _, _, session, file, signature, name = ADDRESSES.upload(FILE).split("/")
    other = SignedAddresses(b"another key").upload(FILE).split("/")[5]
    download = ADDRESSES.download("s1", 0, "x").split("/")[5]
    of_position = ADDRESSES.upload(UpdateFile("0", "s1", "x", Source.PUSH, TransferStatus.READY)).split("/")[5]
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    return [
        f"/cls/data/{session}/{file}/{flipped}/{name}",
        f"/cls/data/{session}/{file}/{signature[:-1]}/{name}",
        f"/cls/data/{session}/{file}/{signature}A/{name}",
        f"/cls/data/{session}/{file}//{name}",
        f"/cls/data/{session}/{file}/{other}/{name}",
        f"/cls/data/{session}/{file}/ÿ{signature[1:]}/{name}",
        f"/cls/data/s2/{file}/{signature}/{name}",
        f"/cls/data/{session}/f2/{signature}/{name}",
        f"/cls/data/{session}/{file}/{download}/{name}",
        f"/cls/data/s1/0/{of_position}/x",
        f"/cls/data/s1/1/{download}/x",
        f"/cls/data/s1/00/{download}/x",
        f"/cls/data/s1/\u0660/{download}/x",
        "/cls/data/s1/0",
        "/cls/data/",
    ]


@pytest.mark.parametrize("address", altered())
def test_an_altered_address_names_nothing(address: str) -> None:
    assert ADDRESSES.read(address) is None


def test_the_address_of_content_is_read_as_it_was_made() -> None:
    path, _, query = ADDRESSES.content("l1", "i1", FILE.name, 3).partition("?")
    assert path == "/cls/static/l1/i1/a%20b%2F%C3%BC%25%3F.iso"
    assert read_static(path, query) == StaticAddress("l1", "i1", FILE.name, "3")


@pytest.mark.parametrize("path", ["/cls/static/", "/cls/static/l1/i1", "/cls/static/l1/i1/", "/cls/static/l1/i1/a/b"])
def test_a_path_with_other_parts_is_no_address_of_content(path: str) -> None:
    assert read_static(path, "version=1") is None


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/cls/data/s1/f1/SECRET/x.iso", "/cls/data/s1/f1/…"),
        ("/cls/data/s1/f1/SECRET", "/cls/data/s1/f1/…"),
        ("/cls/data//s1/f1/SECRET/x.iso", "/cls/data/…"),
        ("/cls/data/s1/SECRET", "/cls/data/…"),
        ("/cls/static/l1/i1/x.iso", "/cls/static/l1/i1/x.iso"),
        ("/rest/com", "/rest/com"),
    ],
)
def test_a_signature_is_never_shown(path: str, told: str) -> None:
    assert loggable_path(path) == told
