"""Applies a bundle to a library. Nothing becomes visible before everything has been verified."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import NoReturn
from urllib.parse import unquote

from contentlib.library.catalogs import Catalog, OfferedFile, OfferedItem
from contentlib.library.following.adoption import Adoption
from contentlib.library.model import Blob
from contentlib.vcsp.reading.lenient import BadDocument
from contentlib.vcsp.reading.parsing import CatalogBuilder, read_library
from contentlib.vcsp.trees.bundles import BadBundle, Bundle, Manifest
from contentlib.vcsp.trees.static import ITEMS, LIB, Watcher

_ROOT = "file:///"


async def import_bundle(bundle: Bundle, adoption: Adoption, watcher: Watcher) -> bool:
    """Whether something was taken; not where the library is at the bundle's version already."""
    manifest = bundle.manifest
    imported = await adoption.imported(manifest.library)
    at = None if imported is None else imported.version
    _check_base(manifest, at)
    catalog = _catalog(manifest, bundle.documents())
    storage = await adoption.storage_of(manifest.library)
    watcher.expect(sum(each.size for each in manifest.payload if each.carried))
    blobs: dict[str, Blob] = {}
    for entry, pieces in bundle.payload():
        blobs[entry.path] = await adoption.receive(storage, _aside(pieces))
        watcher.advance(entry.size)
    if at == int(manifest.version):
        return False
    sums = {each.path: each.sha256 for each in manifest.payload}
    contents = {}
    for item in catalog.items:
        for file in item.files:
            path = _path(file)
            found = blobs.get(path) or await adoption.known(item.id, file.name, sums.get(path, ""))
            contents[item.id, file.name] = found or _lacking(manifest, item, file)
    await adoption.follow(catalog, contents, imported)
    return True


def _check_base(manifest: Manifest, at: int | None) -> None:
    """Checks that the bundle continues from the library's version."""
    told = f"bundle contains library {manifest.name!r} ({manifest.library})"
    if at is not None and at > int(manifest.version):
        raise BadBundle(f"{told} at version {manifest.version}, but the library here is already at version {at}")
    if manifest.since is None:
        return
    told = f"{told} from version {manifest.since} to {manifest.version}"
    if at is None:
        raise BadBundle(f"{told}, but the library does not exist here; import a full bundle first")
    if at < int(manifest.since):
        raise BadBundle(f"{told}, but the library here is at version {at}; export it since version {at} or in full")


def _catalog(manifest: Manifest, documents: dict[str, bytes]) -> Catalog:
    try:
        head = read_library(documents[LIB], _ROOT + LIB)
        reading = CatalogBuilder(head, len(manifest.documents))
        reading.add_items(documents[ITEMS])
    except (KeyError, BadDocument) as error:
        raise BadBundle(f"bundle contains no readable library: {error}") from error
    catalog = reading.catalog()
    if (catalog.id, catalog.version) != (manifest.library, manifest.version) or catalog.warnings:
        said = "; ".join(each.text for each in catalog.warnings) or f"{catalog.id} at version {catalog.version}"
        raise BadBundle(f"documents in the bundle do not match its manifest: {said}")
    return catalog


def _path(file: OfferedFile) -> str:
    return unquote(file.uris[0].removeprefix(_ROOT))


def _lacking(manifest: Manifest, item: OfferedItem, file: OfferedFile) -> NoReturn:
    raise BadBundle(
        f"bundle of library {manifest.name!r} lacks file {file.name!r} of item {item.name!r}, which does not exist here "
        "either; export a full bundle"
    )


async def _aside(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
