"""Libraries as other publishers write them, with their quirks: the same content in the shape of each.

A `Generator` has the state that a generator keeps between its runs: ids, versions, times of change. `publish` is a run, and
answers the tree of all paths. A tree is written to a directory, or given to a `publisher.Publisher` to serve.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from publisher import Publisher

Payload = Mapping[str, Mapping[str, bytes]]
"""The files of each item, by the names of both."""
Document = dict[str, object]

_NAMESPACE = uuid.UUID("0b9c6f1e-5a53-4c55-9c0e-1d6b0f2a7a11")
_START = 1714555800  # 2024-05-01T09:30Z
_CAPABILITIES: Document = {"transferIn": ["httpGet"], "transferOut": ["httpGet"]}


@dataclass
class File:
    """A file of an item, and when it last changed."""

    name: str
    data: bytes
    changed: int


@dataclass
class Item:
    """An item as its generator remembers it."""

    id: str
    name: str
    version: int
    created: int
    content_version: int = 2
    files: list[File] = field(default_factory=list)

    @property
    def changed(self) -> int:
        return max((file.changed for file in self.files), default=self.created)

    @property
    def wire_type(self) -> str:
        names = [file.name.lower() for file in self.files]
        if any(name.endswith(".ovf") for name in names):
            return "vcsp.ovf"
        return "vcsp.iso" if names and all(name.endswith(".iso") for name in names) else "vcsp.other"


@dataclass(frozen=True)
class Tree:
    """What is published: bytes by path, and where some paths lead to. `entry` is the path to subscribe to."""

    files: Mapping[str, bytes]
    entry: str = "lib.json"
    redirects: Mapping[str, str] = field(default_factory=dict)
    basic: str | None = None

    def write(self, directory: Path) -> str:
        """Writes the tree; the address to subscribe to."""
        for path, data in self.files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return (directory / self.entry).as_uri()

    def serve(self, publisher: Publisher) -> str:
        """Serves the tree in place of what was there; the address to subscribe to."""
        publisher.files = {f"/{quote(path)}": data for path, data in self.files.items()}
        publisher.redirects = {f"/{quote(path)}": f"/{quote(target)}" for path, target in self.redirects.items()}
        publisher.basic = self.basic
        return publisher.uri(f"/{self.entry}")


# how things are written


def minutes(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%MZ")


def milliseconds(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def ticks(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def zoneless(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000")


def plain(path: str) -> str:
    return path


def by_segment(path: str) -> str:
    return "/".join(quote(segment, safe="") for segment in path.split("/"))


def of_folder(item: Item, file: File) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for each in item.files:
        digest.update(each.data)
    return digest.hexdigest()


def of_main_file(item: Item, file: File) -> str:
    return hashlib.md5(item.files[0].data, usedforsecurity=False).hexdigest()


def of_item(item: Item, file: File) -> str:
    return hashlib.sha256(of_folder(item, file).encode()).hexdigest()[:32]


def of_file(item: Item, file: File) -> str:
    return hashlib.sha1(file.data, usedforsecurity=False).hexdigest()


def quoted(item: Item, file: File) -> str:
    return f'"{hashlib.md5(file.data, usedforsecurity=False).hexdigest()}"'


def of_web_server(item: Item, file: File) -> str:
    return f"{file.changed:x}-{len(file.data):x}"


def number(item: Item, file: File) -> str:
    return str(item.changed)


def as_uuid(item: Item, file: File) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{item.id} {item.changed}"))


def no_json(item: Item) -> str:
    return str({"id": f"urn:uuid:{item.id}", "isVappTemplate": "false"})


def in_json(item: Item) -> str:
    return json.dumps({"id": f"urn:uuid:{item.id}", "version": str(item.version), "isVappTemplate": "false"})


@dataclass(frozen=True)
class Shape:
    """How a generator writes a library; those of version 1 as Cloud Director does."""

    name: str
    created: Callable[[int], str] = minutes
    encode: Callable[[str], str] = plain
    etag: Callable[[Item, File], str] = of_folder
    generations: bool = False
    content_versions: bool = False
    metadata: Callable[[Item], str] | None = None
    first: int = 2
    library_version: int = 1
    other: str = "vcsp.other"
    iso_folders: bool = False
    certificates: bool = True
    cloud_director: bool = False

    def wire_type(self, item: Item) -> str:
        """The type as this generator writes it."""
        return self.other if item.wire_type == "vcsp.other" else item.wire_type

    def takes(self, name: str) -> bool:
        """Whether a file is published."""
        return self.certificates or not name.endswith(".cert")


SHAPES = [
    Shape("L15", other="vcsp.iso"),
    Shape("L18", metadata=in_json),
    Shape("L22", metadata=no_json, encode=quote),
    Shape("S3", metadata=in_json, etag=quoted, generations=True, content_versions=True, iso_folders=True, certificates=False),
    Shape("DZ", encode=by_segment, etag=of_web_server, generations=True, content_versions=True, metadata=in_json),
    Shape("TA", etag=of_file, generations=True, content_versions=True, metadata=in_json),
    Shape("WP", created=ticks, encode=by_segment, etag=of_item, first=1),
    Shape("TSG", created=milliseconds, first=1),
    Shape("JB", metadata=in_json),
    Shape("VMOP", created=zoneless, etag=of_main_file, generations=True),
    Shape("CDN", created=milliseconds, encode=by_segment, etag=number, library_version=148, first=1),
    Shape("VCD", created=milliseconds, encode=by_segment, etag=as_uuid, first=1, cloud_director=True),
]
"""As the generators that are in use write, VMware's public libraries, and Cloud Director."""


class Generator:
    """Publishes content in a shape, again and again."""

    def __init__(self, shape: Shape, name: str = "lab") -> None:
        self._shape = shape
        self._name = name
        self._id = str(uuid.uuid5(_NAMESPACE, f"{shape.name} {name}"))
        self._version = shape.library_version - 1
        self._items: dict[str, Item] = {}
        self._clock = _START

    def publish(self, payload: Payload) -> Tree:
        """A run over the content as it is now: versions rise where something has changed."""
        self._clock += 60
        gone = self._items.keys() - payload.keys()
        changed = [name for name, files in payload.items() if self._update(name, files)]
        for name in gone:
            del self._items[name]
        if gone or changed or self._version < self._shape.library_version:
            self._version += 1
        return self._as_cloud_director() if self._shape.cloud_director else self._as_files()

    def rename(self, name: str, new: str) -> None:
        """Gives an item another name; it stays the same item, of the same content."""
        item = self._items[new] = self._items.pop(name)
        item.name = new
        item.version += 1
        self._version += 1

    def _update(self, name: str, files: Mapping[str, bytes]) -> bool:
        known = self._items.get(name)
        item = known or Item(str(uuid.uuid5(_NAMESPACE, f"{self._id} {name}")), name, self._shape.first, self._clock)
        before = {file.name: file for file in item.files}
        item.files = [
            before[each] if each in before and before[each].data == data else File(each, data, self._clock)
            for each, data in files.items()
            if self._shape.takes(each)
        ]
        self._items[name] = item
        if known is None:
            return True
        if list(before.values()) == item.files:
            return False
        item.version += 1
        item.content_version += 1
        return True

    # version 2: files beside each other, references relative to the root

    def _as_files(self) -> Tree:
        files: dict[str, bytes] = {}
        entries = []
        for item in self._items.values():
            folder = self._folder(item)
            entry = self._entry(item, f"{folder}/item.json", item.name)
            entries.append(entry)
            files[f"{folder}/item.json"] = _json(entry)
            files |= {f"{item.name}/{file.name}": file.data for file in item.files}
        files["items.json"] = _json({"items": entries})
        files["lib.json"] = _json(
            {
                "vcspVersion": "2",
                "version": str(self._version),
                "contentVersion": "1",
                "name": self._name,
                "id": f"urn:uuid:{self._id}",
                "created": self._shape.created(_START),
                "capabilities": _CAPABILITIES,
                "itemsHref": "items.json",
            }
        )
        return Tree(files)

    def _folder(self, item: Item) -> str:
        if self._shape.iso_folders and item.wire_type == "vcsp.iso":
            return f"{item.name}/{item.files[0].name.removesuffix('.iso')}"
        return item.name

    # version 1: absolute paths, files that are somewhere else, and a password without a user

    def _as_cloud_director(self) -> Tree:
        root = f"vcsp/lib/{self._id}"
        files: dict[str, bytes] = {}
        redirects: dict[str, str] = {}
        entries = []
        for item in self._items.values():
            own = f"{root}/item/{item.id}"
            entry = self._entry(item, f"/{own}", f"/{own}/file")
            entry |= {"vcspVersion": "1", "vms": [{"name": "vm-1", "metadata": []}]}
            entries.append(entry)
            files[own] = _json(entry)
            for file in item.files:
                there = f"transfer/{as_uuid(item, file)}/{file.name}"
                files[there] = file.data
                redirects[f"{own}/file/{file.name}"] = there
        shared: Document = {"itemType": "vcsp.CatalogItem", "version": str(self._version)}
        files[f"{root}/items"] = _json({**shared, "items": entries})
        files[root] = _json(
            {
                **shared,
                "vcspVersion": "1",
                "name": self._name,
                "id": self._id,
                "created": self._shape.created(_START),
                "capabilities": {**_CAPABILITIES, "generateIds": True},
                "itemsHref": "items",
            }
        )
        return Tree(files, root, redirects, basic=":secret")

    def _entry(self, item: Item, self_href: str, folder: str) -> Document:
        entry: Document = {
            "id": item.id if self._shape.cloud_director else f"urn:uuid:{item.id}",
            "name": item.name,
            "description": "",
            "type": self._shape.wire_type(item),
            "version": str(item.version),
            "created": self._shape.created(item.created),
            "selfHref": self._shape.encode(self_href),
            "properties": {},
            "files": [self._file(item, file, self._shape.encode(f"{folder}/{file.name}")) for file in item.files],
        }
        if self._shape.content_versions:
            entry["contentVersion"] = str(item.content_version)
        if self._shape.metadata is not None and item.wire_type == "vcsp.ovf":
            entry["metadata"] = [{"key": "type-metadata", "type": "String", "value": self._shape.metadata(item)}]
        if self._shape.cloud_director:
            entry["metadata"] = [{"key": "vapp.origin.type", "type": "STRING", "value": "com.vmware.vcloud.entity.vapp"}]
        return entry

    def _file(self, item: Item, file: File, href: str) -> Document:
        entry: Document = {"name": file.name, "size": len(file.data), "etag": self._shape.etag(item, file), "hrefs": [href]}
        if self._shape.generations:
            entry["generationNum"] = file.changed
        return entry


def _json(document: Document) -> bytes:
    return json.dumps(document, indent=4).encode()
