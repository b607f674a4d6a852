"""Documents of publishers as values: every shape that is known of is read, and nothing that was sent makes the reader fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentlib.library.catalogs import Catalog, OfferedFile, OfferedItem
from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.model import Item, Library, LibraryType, StoredFile, Version
from contentlib.vcsp.publishing.documents import Counters, Published, item_json, items_json, lib_json
from contentlib.vcsp.reading import hrefs, lenient
from contentlib.vcsp.reading.lenient import BadDocument
from contentlib.vcsp.reading.parsing import CatalogBuilder, Head, read_library

URI = "https://lib.example/lab/lib.json"
LIBRARY = "0b9c6f1e-5a53-4c55-9c0e-1d6b0f2a7a11"
ITEM = "5f0a1b54-6a1e-4d8d-9a8e-7f2f3d9a4c02"
OTHER = "6f0a1b54-6a1e-4d8d-9a8e-7f2f3d9a4c02"
LIB = {"vcspVersion": "2", "version": "7", "name": "lab", "id": f"urn:uuid:{LIBRARY}", "itemsHref": "items.json"}
FILE = {"name": "a.iso", "size": 3, "hrefs": ["a/a.iso"]}
ENTRY = {"id": f"urn:uuid:{ITEM}", "name": "a", "type": "vcsp.iso", "version": "2", "files": [FILE]}


def catalog(*entries: object, lib: Mapping[str, object] = LIB, uri: str = URI) -> Catalog:
    reading = CatalogBuilder(read_library(json.dumps(lib).encode(), uri))
    reading.add_items(json.dumps({"items": entries}).encode())
    return reading.catalog()


def item(**changed: object) -> OfferedItem:
    (found,) = catalog({**ENTRY, **changed}).items
    return found


def file(**changed: object) -> OfferedFile:
    (found,) = item(files=[{**FILE, **changed}]).files
    return found


def warnings(*entries: object) -> list[str]:
    return [warning.text for warning in catalog(*entries).warnings]


def test_the_documents_of_version_two_are_read() -> None:
    entry = {**ENTRY, "contentVersion": "5", "description": "an image", "created": "2024-05-01T09:30Z"}
    entry["files"] = [{**FILE, "etag": "1714555861", "generationNum": 1714555860}]
    lib = {**LIB, "description": "images", "created": "2024-05-01T09:30Z"}
    offered = OfferedFile("a.iso", 3, ("https://lib.example/lab/a/a.iso",), "1714555861", 1714555860)
    found = OfferedItem(ITEM, "a", "iso", "2", (offered,), "5", "an image", 1714555800000)
    assert catalog(entry, lib=lib) == Catalog(LIBRARY, "lab", "7", (found,), (), "images", 1714555800000)


def test_what_the_own_publisher_writes_is_read_back() -> None:
    library = Library(LIBRARY, "lab é", "lab é", "of the lab", LibraryType.LOCAL, (), "main", 1714555800123, 0, 1, revision=9)
    files = tuple(
        StoredFile(name, name, size, 1, Checksum(Algorithm.SHA256, "00"), size + 5)
        for size, name in enumerate(["a.ovf", "50% off #1.vmdk", "é+日?.vmdk"])
    )
    made = Item(ITEM, LIBRARY, "a", "a", "machine", "ovf", "ovf", 1714555800456, 0, 1, 4, 3, version_id="v")
    version = Version("v", ITEM, 3, 1714555800789, files)
    counters = Counters(100)
    reading = CatalogBuilder(read_library(lib_json(library, counters), URI))
    reading.add_items(items_json(library, [Published(made, version)], counters))
    found = reading.catalog()
    assert (found.id, found.name, found.version, found.description) == (LIBRARY, "lab é", "109", "of the lab")
    assert (found.created, found.warnings) == (1714555800123, ())
    (one,) = found.items
    assert (one.id, one.name, one.type, one.description, one.created) == (ITEM, "a", "ovf", "machine", 1714555800456)
    assert (one.version, one.content_version) == ("106", "103")
    assert [(each.name, each.size, each.generation, each.tag) for each in one.files] == [
        (each.name, each.size, each.generation + 100, "1714555800889") for each in files
    ]
    assert [each.uris[0] for each in one.files] == [
        f"https://lib.example/lab/{ITEM}/{written}"
        for written in ("a.ovf", "50%25%20off%20%231.vmdk", "%C3%A9%2B%E6%97%A5%3F.vmdk")
    ]
    assert json.loads(item_json(library, Published(made, version), counters))["id"] == f"urn:uuid:{ITEM}"


def test_the_documents_of_version_one_are_read() -> None:
    lib = {
        "vcspVersion": "1",
        "version": 12,
        "name": "vcd",
        "id": LIBRARY,
        "itemsHref": "items",
        "itemType": "vcsp.CatalogItem",
    }
    entry = {"id": ITEM, "name": "a", "type": "vcsp.CatalogItem", "version": 3, "selfHref": f"/vcsp/lib/{LIBRARY}/item/{ITEM}"}
    entry |= {"vms": [{"name": "vm"}], "files": [{"name": "a.ovf", "hrefs": [f"/vcsp/lib/{LIBRARY}/item/{ITEM}/file/a.ovf"]}]}
    uri = f"https://vcd.example/vcsp/lib/{LIBRARY}"
    assert read_library(json.dumps(lib).encode(), uri).items == f"{uri}/items"
    (found,) = catalog(entry, lib=lib, uri=uri).items
    assert (found.type, found.version) == ("ovf", "3")
    assert found.files == (OfferedFile("a.ovf", None, (f"{uri}/item/{ITEM}/file/a.ovf",)),)


def test_a_bare_list_is_a_list_of_items() -> None:
    reading = CatalogBuilder(read_library(json.dumps(LIB).encode(), URI))
    reading.add_items(json.dumps([ENTRY]).encode())
    assert [each.name for each in reading.catalog().items] == ["a"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le"])
def test_documents_come_in_any_encoding_of_unicode(encoding: str) -> None:
    assert read_library(json.dumps(LIB, ensure_ascii=False).encode(encoding), URI).name == "lab"


@pytest.mark.parametrize(
    ("uri", "root"),
    [
        ("https://h:8443/a/lib.json", "https://h:8443/a/"),
        ("https://h/a/LIB.JSON?sig=1", "https://h/a/"),
        ("https://h/vcsp/lib/1", "https://h/vcsp/lib/1/"),
        ("https://h/vcsp/lib/1/", "https://h/vcsp/lib/1/"),
        ("https://h", "https://h/"),
        ("ds:///vmfs/volumes/x/lib.json", "ds:///vmfs/volumes/x/"),
    ],
)
def test_the_root_is_the_folder_of_the_library(uri: str, root: str) -> None:
    assert hrefs.root_of(uri) == root


@pytest.mark.parametrize(
    ("href", "name", "found"),
    [
        ("a/b.iso", "b.iso", "https://h/r/a/b.iso"),
        ("/x/b.iso", "b.iso", "https://h/x/b.iso"),
        ("http://o/x/b.iso?key=a%2Fb", "b.iso", "http://o/x/b.iso?key=a%2Fb"),
        ("//o/b.iso", "b.iso", "https://o/b.iso"),
        ("a%20b/c%2B.iso", "c+.iso", "https://h/r/a%20b/c%2B.iso"),
        ("a b/c d.iso", "c d.iso", "https://h/r/a%20b/c%20d.iso"),
        ("a/100%.iso", "100%.iso", "https://h/r/a/100%25.iso"),
        ("a/50%20.iso", "50%20.iso", "https://h/r/a/50%2520.iso"),
        ("a/#1?.iso", "#1?.iso", "https://h/r/a/%231%3F.iso"),
        ("a#1/50%/b.iso", "b.iso", "https://h/r/a%231/50%25/b.iso"),
        ("a\\b.iso", "b.iso", "https://h/r/a/b.iso"),
        ("a/é日.iso", "é日.iso", "https://h/r/a/%C3%A9%E6%97%A5.iso"),
        ("get?file=b.iso", "b.iso", "https://h/r/get?file=b.iso"),
        ("file:///etc/passwd", "", None),
        ("ds:///vmfs/volumes/x/a", "", None),
        ("http://[bad/a", "", None),
        ("javascript:1", "", None),
    ],
)
def test_references_are_resolved_however_they_are_written(href: str, name: str, found: str | None) -> None:
    assert hrefs.resolve("https://h/r/", href, name) == found


@pytest.mark.parametrize("scheme", ["file", "ds", "DS"])
def test_a_library_of_this_machine_leads_to_its_own_kind_and_to_the_network(scheme: str) -> None:
    root = f"{scheme}:///srv/lab/"
    assert hrefs.resolve(root, "a/b c.iso") == f"{scheme}:///srv/lab/a/b%20c.iso"
    assert hrefs.resolve(root, "https://h/b.iso") == "https://h/b.iso"
    assert hrefs.resolve(root, {"file": "ds"}.get(scheme, "file") + ":///x") is None


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2024-05-01T09:30Z", 1714555800000),
        ("2024-05-01T09:30:00Z", 1714555800000),
        ("2024-05-01T09:30:00.125Z", 1714555800125),
        ("2024-05-01T09:30:00.1254567Z", 1714555800125),
        ("2024-05-01T09:30:00.125456", 1714555800125),
        ("2024-05-01 09:30", 1714555800000),
        ("2024-05-01T11:30+02:00", 1714555800000),
        ("2024-05-01T09:30:00+0000", 1714555800000),
        ("2024-05-01", 1714521600000),
        (1714555800, 1714555800000),
        (1714555800000, 1714555800000),
        (10**18, None),
        ("yesterday", None),
        ("2024-13-01T09:30Z", None),
        (None, None),
    ],
)
def test_a_time_is_read_in_every_shape(written: object, found: int | None) -> None:
    assert item(created=written).created == found


@pytest.mark.parametrize("written", [ITEM, ITEM.upper(), f"urn:uuid:{ITEM}", f"URN:UUID:{ITEM.upper()}", ITEM.replace("-", "")])
def test_an_id_is_a_bare_uuid_however_it_is_written(written: str) -> None:
    assert item(id=written).id == ITEM


def test_what_is_no_uuid_gives_an_id_that_stays() -> None:
    found = {item(id=written).id for written in ("17", 17)}
    assert len(found) == 1
    assert item(id=None, selfHref="a/item.json").id == item(id=None, selfHref="a/item.json", name="b").id != item(id=None).id


@pytest.mark.parametrize(
    ("written", "found"), [("7", "7"), (7, "7"), (" 007 ", "7"), (7.0, "7"), ("v7", "v7"), (None, ""), ([], "")]
)
def test_versions_are_numbers_or_texts(written: object, found: str) -> None:
    assert item(version=written).version == found
    assert catalog(lib={**LIB, "version": written}).version == found


@pytest.mark.parametrize(
    ("written", "found"), [(3, 3), ("3", 3), (3.0, 3), (None, None), (-1, None), ("3 MB", None), (1 << 63, None)]
)
def test_sizes_and_generations_are_numbers_or_texts(written: object, found: int | None) -> None:
    assert (file(size=written).size, file(generationNum=written).generation) == (found, found)


@pytest.mark.parametrize(("written", "found"), [("a", "a"), ('"a"', "a"), ('W/"a"', "a"), (17, "17"), ("", ""), (None, "")])
def test_a_change_token_is_read_without_its_quotes(written: object, found: str) -> None:
    assert file(etag=written).tag == found


@pytest.mark.parametrize(
    ("written", "name", "found"),
    [
        ("vcsp.ovf", "a.ovf", "ovf"),
        ("VCSP.OVF", "a.bin", "ovf"),
        ("vcsp.iso", "a.txt", "iso"),
        ("vcsp.other", "a.ovf", "other"),
        ("vcsp.vapp", "a.bin", "ovf"),
        ("vcsp.CatalogItem", "A.OVF", "ovf"),
        ("vcsp.strange", "a.ISO", "iso"),
        (None, "a.txt", "other"),
    ],
)
def test_the_type_is_the_one_written_or_what_the_files_make_it(written: object, name: str, found: str) -> None:
    assert item(type=written, files=[{**FILE, "name": name, "hrefs": [f"a/{name}"]}]).type == found


def test_items_of_one_name_are_told_apart_and_stay_so_in_any_order() -> None:
    entries = [ENTRY, {**ENTRY, "id": OTHER, "name": "A"}]
    found = catalog(*entries)
    assert {each.id: each.name for each in found.items} == {ITEM: "a", OTHER: "A (6f0a1b54)"}
    assert [warning.text for warning in found.warnings] == [
        f"another item is named 'A'; item {OTHER} was renamed to 'A (6f0a1b54)'"
    ]
    assert set(catalog(*reversed(entries)).items) == set(found.items)


def test_a_name_that_is_too_long_is_cut() -> None:
    assert item(name="n" * 90).name == "n" * 80
    long = [{**ENTRY, "name": "n" * 90}, {**ENTRY, "id": OTHER, "name": "n" * 91}]
    assert [each.name for each in catalog(*long).items] == ["n" * 80, "n" * 69 + " (6f0a1b54)"]


@pytest.mark.parametrize(
    "name", ["..", ".", "/etc/passwd", "../a", "a/../b", "a/..", "a//b", "a/", "\\\\a\\b", "a\tb", "n" * 256]
)
def test_an_item_with_a_file_that_can_be_none_of_ours_is_left_out_and_known_to_be_there(name: str) -> None:
    found = catalog({**ENTRY, "files": [FILE, {**FILE, "name": name}]}, {**ENTRY, "id": OTHER, "name": "b"})
    assert ([each.name for each in found.items], found.unread) == (["b"], (ITEM,))
    assert found.warnings[0].text.startswith("item 'a' was skipped: files.name ")
    assert (found.lost, [each.text for each in found.left_out]) == (1, [found.warnings[0].text])


@pytest.mark.parametrize("name", ["disks/a.vmdk", "disks\\a.vmdk", "x/y/a.vmdk"])
def test_of_a_file_in_a_folder_the_last_part_is_its_name(name: str) -> None:
    found = item(files=[FILE, {**FILE, "name": name, "hrefs": ["item/disks/a.vmdk"]}])
    assert [each.name for each in found.files] == ["a.iso", "a.vmdk"]


def test_files_whose_last_parts_are_the_same_leave_their_item_out() -> None:
    found = catalog({**ENTRY, "files": [{**FILE, "name": "x/a.iso"}, {**FILE, "name": "y/a.iso"}]})
    assert (found.items, found.lost, found.unread) == ((), 1, (ITEM,))
    assert found.left_out[0].text == "item 'a' was skipped: files: 'y/a.iso' has the same name as 'x/a.iso'"


@pytest.mark.parametrize("key", ["href", "uri", "url"])
def test_a_reference_may_be_an_object(key: str) -> None:
    assert file(hrefs=[{key: "item/a.iso"}]) == file(hrefs=["item/a.iso"])


def test_an_item_without_a_name_has_that_of_its_folder() -> None:
    entry = {key: value for key, value in ENTRY.items() if key != "name"}
    assert catalog({**entry, "selfHref": "web%2001/item.json"}).items[0].name == "web 01"
    assert catalog({**entry, "selfHref": "item.json"}).left_out[0].text.endswith("it has no name")


def test_a_list_with_more_items_than_are_taken_is_refused() -> None:
    reading = CatalogBuilder(read_library(json.dumps(LIB).encode(), URI), 2)
    with pytest.raises(BadDocument, match=r"lists 3 items; at most 2 are allowed \(subscribed_items_limit\)"):
        reading.add_items(json.dumps({"items": [{}, {}, {}]}).encode())


@pytest.mark.parametrize("body", [b'{"items":[' + b"{}," * 50_000 + b"{}]}", b'{"items":[], "x":[' + b"0," * 20_000 + b"0]}"])
def test_what_would_be_large_in_memory_is_counted_before_it_is_read(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contentlib.vcsp.reading.lenient._decoded", None)
    with pytest.raises(BadDocument, match=r"has about [0-9]+ values; at most 10000 are allowed"):
        CatalogBuilder(Head("", "", "", URI, URI), 100).add_items(body)
    with pytest.raises(BadDocument, match="values; at most"):
        lenient.document(b"[" + b"{}," * 1_000_000 + b"{}]")
    with pytest.raises(BadDocument, match="bytes; at most 4194304 are allowed"):
        lenient.document(b" " * 4_194_305)


def test_an_entry_that_is_too_large_leaves_only_itself_out() -> None:
    large = {**ENTRY, "id": OTHER, "x": "y" * 4_194_305}
    found = catalog(ENTRY, large)
    assert ([each.name for each in found.items], found.lost) == (["a"], 1)


@pytest.mark.parametrize("hrefs", [None, [], [""], True, ["file:///etc/passwd"], {"a": 1}])
def test_an_item_with_a_file_without_an_address_is_left_out(hrefs: object) -> None:
    assert warnings({**ENTRY, "files": [{**FILE, "hrefs": hrefs}]}) == [
        "item 'a' was skipped: files.hrefs of file 'a.iso' contains no usable URL"
    ]


def test_more_addresses_are_mirrors_in_their_order() -> None:
    assert file(hrefs=["a/a.iso", "https://mirror.example/a.iso", "a/a.iso"]).uris == (
        "https://lib.example/lab/a/a.iso",
        "https://mirror.example/a.iso",
    )


def test_a_bare_name_may_be_meant_relative_to_the_item() -> None:
    (found,) = item(selfHref="a b/item.json", files=[{**FILE, "hrefs": ["a.iso"]}]).files
    assert found.uris == ("https://lib.example/lab/a.iso", "https://lib.example/lab/a%20b/a.iso")


def test_an_item_without_files_is_kept_and_told() -> None:
    assert item(files=[]).files == ()
    assert warnings({**ENTRY, "files": []}) == []


def test_a_second_file_of_a_name_and_a_second_item_of_an_id_are_left_out() -> None:
    assert warnings({**ENTRY, "files": [FILE, FILE]}) == ["item 'a' has a duplicate file 'a.iso'; skipped"]
    assert warnings(ENTRY, {**ENTRY, "name": "b"}) == [f"item 'b' has the same id as another item ({ITEM}); skipped"]


def test_of_very_much_that_is_wrong_the_first_is_told() -> None:
    told = warnings(*([None] * 2000))
    assert (len(told), told[0], told[-1]) == (
        1001,
        "an entry of the item list is null; skipped",
        "further warnings about this list were suppressed",
    )


@pytest.mark.parametrize("stub", [{"id": ITEM, "name": "a", "selfHref": "a/item.json"}, {"href": "a/item.json"}, "a/item.json"])
def test_an_item_without_its_files_waits_for_its_own_document(stub: object) -> None:
    reading = CatalogBuilder(read_library(json.dumps(LIB).encode(), URI))
    reading.add_items(json.dumps([stub]).encode())
    (wanted,) = reading.stubs
    assert wanted.uri == "https://lib.example/lab/a/item.json"
    reading.add_item(json.dumps(ENTRY).encode(), wanted)
    assert [(each.id, each.files[0].name) for each in reading.catalog().items] == [(ITEM, "a.iso")]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<!DOCTYPE html><title>Log in</title>", "is an HTML page, not JSON; it may be a login page or an error page"),
        (b"<?xml version='1.0'?><Error/>", "is an XML document, not JSON; it may be a login page or an error page"),
        (b"Not found", "is not JSON"),
        (b"[1]", "is a list, not the lib.json of a content library"),
        (b'{"a": 1}', "is an object, not the lib.json of a content library"),
        (b'{"itemsHref": "ftp://x/items.json"}', "has an unusable itemsHref"),
    ],
)
def test_what_came_in_place_of_a_library_is_told(body: bytes, told: str) -> None:
    with pytest.raises(BadDocument) as failed:
        read_library(body, URI)
    assert (str(failed.value), failed.value.partial) == (told, False)


def test_a_document_without_its_end_is_told_from_one_that_is_none() -> None:
    for length in range(len(json.dumps(LIB)) - 1):
        with pytest.raises(BadDocument) as failed:
            read_library(json.dumps(LIB).encode()[:length], URI)
        assert failed.value.partial


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"items":' * 100_000, b"1" * 100_000, b'"\xff"', b"\xff\xfe\x00"])
def test_documents_made_to_break_readers_are_refused(body: bytes) -> None:
    with pytest.raises(BadDocument):
        CatalogBuilder(read_library(json.dumps(LIB).encode(), URI)).add_items(body)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["..", "/a", "a/item.json"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ["id", "name", "type", "version", "contentVersion", "created", "selfHref", "description", "metadata", "files"]
FILES = st.dictionaries(st.sampled_from(["name", "size", "etag", "generationNum", "hrefs", "href"]), JSON)
ENTRIES = st.dictionaries(st.sampled_from(FIELDS), JSON | st.lists(FILES, max_size=3))


SETTINGS = settings(max_examples=200, derandomize=True)


@SETTINGS
@given(
    lib=st.dictionaries(st.sampled_from([*LIB, "created", "description"]), JSON),
    items=JSON | st.lists(ENTRIES | JSON, max_size=4),
)
def test_no_json_makes_the_reader_fail(lib: object, items: object) -> None:
    try:
        reading = CatalogBuilder(read_library(json.dumps(lib).encode(), URI))
        reading.add_items(json.dumps({"items": items}).encode())
        for stub in reading.stubs:
            reading.add_item(json.dumps(items).encode(), stub)
    except BadDocument:
        return
    found = reading.catalog()
    assert len({each.id for each in found.items}) == len(found.items) == len({each.name.casefold() for each in found.items})
    assert not {each.id for each in found.items} & set(found.unread)
    for one in (each for offered in found.items for each in offered.files):
        assert "/" not in one.name
        assert all(uri.startswith(("http://", "https://")) for uri in one.uris)


HREFS = st.text(st.sampled_from("ab:/?#[]@%2E.\\ é\n")) | st.sampled_from(["http:", "//[", "http://[::", "https:///", "ds:x"])


@SETTINGS
@given(root=st.sampled_from(["https://h/r/", "file:///r/", "ds:///r/", "DS:///r/"]), href=HREFS, name=HREFS)
def test_no_reference_leads_astray(root: str, href: str, name: str) -> None:
    found = hrefs.resolve(root, href, name)
    kinds = ("http:", "https:") if root.startswith("https:") else ("http:", "https:", root[: root.index(":") + 1].lower())
    assert found is None or found.lower().startswith(kinds)
    assert found is None or found.isascii()


@SETTINGS
@given(st.binary())
def test_no_bytes_make_the_reader_fail(body: bytes) -> None:
    try:
        lenient.document(body)
    except BadDocument as error:
        assert str(error)
