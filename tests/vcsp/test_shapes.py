"""The same content, as every generator that is known of writes it, is read as the same catalog."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from contentlib.library.catalogs import Catalog, OfferedFile
from contentlib.library.model import Authentication, Subscription
from contentlib.outbound.client import Outbound
from contentlib.outbound.credentials import credentials_of
from contentlib.vcsp.reading.reader import CatalogReader
from publisher import Publisher
from vcsp.shapes import SHAPES, Generator, Shape, Tree

PAYLOAD = {
    "web01": {
        "photon.ovf": b"<Envelope/>",
        "disk 50% off+é.vmdk": b"disk",
        "#1?.nvram": b"nvram",
        "photon.mf": b"manifest",
        "photon.cert": b"certificate",
    },
    "tools": {"tools.iso": b"iso"},
    "script é": {"run.sh": b"echo"},
}
CHANGED = {**PAYLOAD, "tools": {"tools.iso": b"new"}}

of_every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)


def subscription(tree: Tree, uri: str) -> Subscription:
    if tree.basic is None:
        return Subscription(uri)
    user, _, password = tree.basic.partition(":")
    return Subscription(uri, Authentication.BASIC, user, password)


async def read(reader: CatalogReader, tree: Tree, uri: str) -> Catalog:
    found = await reader.read(subscription(tree, uri))
    assert found is not None
    return found[0]


def told(catalog: Catalog) -> dict[str, tuple[str, dict[str, int | None]]]:
    return {item.name: (item.type, {file.name: file.size for file in item.files}) for item in catalog.items}


def expected(shape: Shape) -> dict[str, tuple[str, dict[str, int]]]:
    types = {"web01": "ovf", "tools": "iso", "script é": shape.other.removeprefix("vcsp.")}
    return {
        item: (types[item], {name: len(data) for name, data in files.items() if shape.takes(name)})
        for item, files in PAYLOAD.items()
    }


async def fetch(client: Outbound, tree: Tree, file: OfferedFile) -> bytes:
    async with client.get(file.uris[0], credentials=credentials_of(subscription(tree, file.uris[0]))) as answer:
        return await answer.read()


@of_every_shape
async def test_a_library_is_read_over_the_network_and_its_files_are_there(
    shape: Shape, publisher: Publisher, client: Outbound, reader: CatalogReader
) -> None:
    tree = Generator(shape).publish(PAYLOAD)
    catalog = await read(reader, tree, tree.serve(publisher))
    assert (catalog.name, catalog.version, catalog.warnings) == ("lab", str(shape.library_version), ())
    assert told(catalog) == expected(shape)
    assert all(item.created is not None and item.version == str(shape.first) for item in catalog.items)
    for item in catalog.items:
        for file in item.files:
            assert await fetch(client, tree, file) == PAYLOAD[item.name][file.name]


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if not shape.cloud_director], ids=lambda shape: shape.name)
async def test_a_library_is_read_from_a_directory_and_its_files_are_there(
    shape: Shape, tmp_path: Path, reader: CatalogReader
) -> None:
    tree = Generator(shape).publish(PAYLOAD)
    for uri in (tree.write(tmp_path / "lab"), (tmp_path / "lab").as_uri(), f"ds:///vmfs/volumes/{tmp_path.name}/lab/lib.json"):
        catalog = await read(reader, tree, uri)
        assert told(catalog) == expected(shape)
    for item in (await read(reader, tree, (tmp_path / "lab/lib.json").as_uri())).items:
        for file in item.files:
            path = Path(unquote(file.uris[0].removeprefix("file://")))
            assert path.read_bytes() == PAYLOAD[item.name][file.name]


@of_every_shape
@pytest.mark.parametrize("etags", [True, False], ids=["validators", "none"])
async def test_a_library_that_has_not_changed_costs_one_request(
    shape: Shape, etags: bool, publisher: Publisher, reader: CatalogReader
) -> None:
    generator = Generator(shape)
    publisher.etags = publisher.conditions = etags
    tree = generator.publish(PAYLOAD)
    asked = subscription(tree, tree.serve(publisher))
    first = await reader.read(asked)
    assert first is not None
    publisher.asked.clear()
    assert await reader.read(asked, first[1]) is None
    generator.publish(PAYLOAD).serve(publisher)
    assert await reader.read(asked, first[1]) is None
    assert [each.path for each in publisher.asked] == [f"/{tree.entry}"] * 2


@of_every_shape
async def test_a_file_that_has_changed_is_noticed(shape: Shape, publisher: Publisher, reader: CatalogReader) -> None:
    generator = Generator(shape)
    tree = generator.publish(PAYLOAD)
    asked = subscription(tree, tree.serve(publisher))
    first = await reader.read(asked)
    assert first is not None
    generator.publish(CHANGED).serve(publisher)
    second = await reader.read(asked, first[1])
    assert second is not None
    assert second[1].sure
    before, after = ({item.name: item for item in each[0].items} for each in (first, second))
    assert before["web01"] == after["web01"]
    (old,), (new,) = before["tools"].files, after["tools"].files
    assert (int(after["tools"].version), old.name) == (int(before["tools"].version) + 1, new.name)
    assert (old.tag, old.generation) != (new.tag, new.generation)


async def test_items_that_are_only_named_in_the_list_are_read_from_their_own_documents(
    publisher: Publisher, reader: CatalogReader
) -> None:
    tree = Generator(SHAPES[0]).publish(PAYLOAD)
    stubs = b'[{"name": "web01", "selfHref": "web01/item.json"}, "tools/item.json", "script \xc3\xa9/item.json"]'
    stubbed = replace(tree, files={**tree.files, "items.json": stubs})
    assert await read(reader, tree, stubbed.serve(publisher)) == await read(reader, tree, tree.serve(publisher))
