"""Parses the documents of a publisher: `lib.json`, `items.json` and `item.json` in all known versions and variants.

Takes bytes and returns a `Catalog`, without I/O. An error in one item skips the item with a warning; an error in a whole
document is BadDocument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from msgspec.structs import replace

from contentlib.library.catalogs import Catalog, OfferedFile, OfferedItem
from contentlib.library.errors import Fault, Invalid
from contentlib.library.names import DESCRIPTION_LENGTH, check_file_name, fold, usable
from contentlib.vcsp.reading import lenient, messages
from contentlib.vcsp.reading.hrefs import encoded, is_document, last_segment, resolve, root_of
from contentlib.vcsp.reading.lenient import BadDocument

_TYPES = {
    "ovf": "ovf",
    "ova": "ovf",
    "vapp": "ovf",
    "vapptemplate": "ovf",
    "iso": "iso",
    "media": "iso",
    "other": "other",
}
_OTHER = "other"
_WARNINGS = 1000
_TOLD = 100
_HREFS = ("href", "uri", "url")
MOST_ITEMS = 100_000
_KEYS = {"vcspVersion", "itemsHref", "capabilities"}

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Head:
    """The content of `lib.json`. `items` is the URL of the items, `root` the base of all other references."""

    id: str
    name: str
    version: str
    root: str
    items: str
    description: str = ""
    created: int | None = None


@dataclass(frozen=True, slots=True)
class Stub:
    """An item of which the list gives only the address of its own document."""

    uri: str
    document: Document


def read_library(body: bytes, uri: str) -> Head:
    """Parses the document of a subscription URL. `uri` is where it was found."""
    found = lenient.document(body)
    if not isinstance(found, dict) or not _KEYS & found.keys():
        raise BadDocument(f"is {lenient.kind(found)}, not the lib.json of a content library")
    root = root_of(uri)
    href = lenient.text(found.get("itemsHref")) or ("items.json" if is_document(uri) else "items")
    items = resolve(root, href)
    if items is None:
        raise BadDocument("has an unusable itemsHref")
    return Head(
        id=lenient.identifier(found.get("id"), root),
        name=usable(lenient.text(found.get("name"))),
        version=lenient.version(found.get("version")),
        root=root,
        items=items,
        description=_description(found),
        created=lenient.moment(found.get("created")),
    )


class CatalogBuilder:
    """Puts the items of a library together, document by document; `stubs` are those whose documents are still lacking."""

    def __init__(self, head: Head, most: int = MOST_ITEMS) -> None:
        self._head = head
        self._most = most
        self._items: dict[str, OfferedItem] = {}
        self._unread: dict[str, None] = {}
        self._warnings: list[Fault] = []
        self._left_out: list[Fault] = []
        self._lost = 0
        self.version = ""
        self.stubs: list[Stub] = []

    def add_items(self, body: bytes) -> None:
        """Adds `items.json`. `version` is the library's version in it, as Cloud Director writes it."""
        entries, version = lenient.listed(body, self._most)
        self.version = lenient.version(version)
        for entry in entries:
            try:
                self._add(entry.read())
            except BadDocument as error:
                self._lose(messages.ENTRY(problem=str(error)))

    def add_item(self, body: bytes, stub: Stub) -> None:
        """Adds the document of a stub. Missing fields are taken from the stub."""
        found = lenient.document(body)
        if not isinstance(found, dict):
            raise BadDocument(f"is {lenient.kind(found)}, not an item of a content library")
        self._take({**stub.document, **found})

    def leave_out(self, stub: Stub, why: str) -> None:
        """Goes without the document of a stub."""
        item_id = self._id(stub.document)
        self._leave_out(item_id, _name_of(stub.document) or item_id, why)

    def catalog(self) -> Catalog:
        """The whole library. Of several items of one name, all but one get a part of their id behind it."""
        named: dict[str, OfferedItem] = {}
        for item in sorted(self._items.values(), key=lambda each: each.id):  # not by place, which may change any time
            self._name(item, named)
        kept = {item.id: item for item in named.values()}
        head = self._head
        return Catalog(
            id=head.id,
            name=head.name,
            version=head.version,
            items=tuple(kept[each] for each in self._items if each in kept),
            warnings=tuple(self._warnings),
            description=head.description,
            created=head.created,
            unread=tuple(each for each in self._unread if each not in kept),
            left_out=tuple(self._left_out),
            lost=self._lost,
        )

    def _add(self, entry: object) -> None:
        """One entry of the list: an item, the beginning of one, or only its address."""
        if isinstance(entry, str):
            entry = {"selfHref": entry}
        if not isinstance(entry, dict):
            self._lose(messages.ENTRY(problem=f"is {lenient.kind(entry)}"))
            return
        href = lenient.text(entry.get("selfHref") or entry.get("href"))
        uri = resolve(self._head.root, href) if href and "files" not in entry else None
        if uri is None:
            self._take(entry)
        else:
            self.stubs.append(Stub(uri, entry))

    def _take(self, entry: Document) -> None:
        item_id = self._id(entry)
        name = _name_of(entry)
        if not name:
            self._leave_out(item_id, item_id, "it has no name")
            return
        if item_id in self._items:
            self._lose(messages.DUPLICATE_ID(name=name, item=item_id))
            return
        try:
            files = self._files(entry, name)
        except Invalid as error:
            self._leave_out(item_id, name, str(error))
            return
        self._items[item_id] = OfferedItem(
            id=item_id,
            name=name,
            type=_type(entry, files),
            version=lenient.version(entry.get("version")),
            files=files,
            content_version=lenient.version(entry.get("contentVersion")) or None,
            description=_description(entry),
            created=lenient.moment(entry.get("created")),
        )

    def _id(self, entry: Document) -> str:
        """The item's id; where none was written, one that stays the same as long as its document's address or its name."""
        return lenient.identifier(entry.get("id") or entry.get("selfHref") or entry.get("name"), self._head.id)

    def _files(self, entry: Document, item: str) -> tuple[OfferedFile, ...]:
        """The files of an item; Invalid where one of them can be no file of ours."""
        entries = entry.get("files")
        if entries is not None and not isinstance(entries, list):
            raise Invalid(messages.FILES_NOT_A_LIST(field="files", given=lenient.kind(entries)))
        folder = encoded(lenient.text(entry.get("selfHref"))).rpartition("/")[0]
        files: dict[str, OfferedFile] = {}
        written: dict[str, str] = {}
        for each in entries or ():
            path, file = self._file(each, folder)
            if written.setdefault(file.name, path) != path:
                raise Invalid(messages.FILE_NAMES_CLASH(field="files", path=path, other=written[file.name]))
            if file.name in files:
                self._warn(messages.DUPLICATE_FILE(item=item, name=file.name))
            files.setdefault(file.name, file)
        return tuple(files.values())

    def _file(self, entry: object, folder: str) -> tuple[str, OfferedFile]:
        """A file, and its name as it is written; of one that is in a folder of its item, the last part is the name."""
        if not isinstance(entry, dict):
            raise Invalid(messages.FILE_NOT_AN_OBJECT(field="files", given=lenient.kind(entry)))
        written = entry.get("hrefs") or entry.get("href")
        hrefs = [href for href in map(_href, written if isinstance(written, list) else [written]) if href]
        path = lenient.text(entry.get("name")) or last_segment(next(iter(hrefs), ""))
        name = _last_part(path)
        check_file_name("files.name", name)
        uris = self._addresses(hrefs, name, folder)
        if not uris:
            raise Invalid(messages.FILE_WITHOUT_URL(field="files.hrefs", name=name))
        return path, OfferedFile(
            name=name,
            size=lenient.integer(entry.get("size")),
            uris=uris,
            tag=lenient.tag(entry.get("etag")),
            generation=lenient.integer(entry.get("generationNum")),
        )

    def _addresses(self, hrefs: list[str], name: str, folder: str) -> tuple[str, ...]:
        """Returns all possible URLs of a file. A bare name can be relative to the item instead of the library."""
        root = self._head.root
        found = [resolve(root, href, name) for href in hrefs]
        if folder:
            found += [resolve(root, f"{folder}/{encoded(href, name)}") for href in hrefs if "/" not in href]
        return tuple(dict.fromkeys(uri for uri in found if uri is not None))

    def _name(self, item: OfferedItem, named: dict[str, OfferedItem]) -> None:
        for suffix in ("", item.id[:8], item.id):
            name = usable(item.name, f" ({suffix})" if suffix else "")
            if fold(name) in named:
                continue
            if suffix:
                self._warn(messages.DUPLICATE_NAME(name=item.name, item=item.id, new=name))
            named[fold(name)] = replace(item, name=name)
            return
        self._leave_out(item.id, item.name, "its name is already used by other items")

    def _leave_out(self, item_id: str, name: str, why: str) -> None:
        self._unread[item_id] = None
        self._lose(messages.LEFT_OUT(name=name, reason=why))

    def _lose(self, warning: Fault) -> None:
        self._lost += 1
        if len(self._left_out) < _TOLD:
            self._left_out.append(warning)
        self._warn(warning)

    def _warn(self, warning: Fault) -> None:
        if len(self._warnings) < _WARNINGS:
            self._warnings.append(warning)
        elif len(self._warnings) == _WARNINGS:
            self._warnings.append(messages.MORE())


def _type(entry: Document, files: tuple[OfferedFile, ...]) -> str:
    """Returns the item type of the contract. An unknown type is derived from the files."""
    known = _TYPES.get(lenient.text(entry.get("type")).strip().lower().rpartition(".")[2])
    if known is not None:
        return known
    names = [file.name.lower() for file in files]
    if any(name.endswith(".ovf") for name in names):
        return "ovf"
    return "iso" if names and all(name.endswith(".iso") for name in names) else _OTHER


def _name_of(entry: Document) -> str:
    """The name of an item; where none was written, that of the folder in which its document is."""
    folder = lenient.text(entry.get("selfHref")).rpartition("/")[0].rpartition("/")[2]
    return usable(lenient.text(entry.get("name"))) or usable(unquote(folder))


def _last_part(path: str) -> str:
    """Returns the name of a file in a directory of its item. Other paths are unchanged, and invalid as names."""
    *folders, name = path.replace("\\", "/").split("/")
    return path if {"", ".", ".."} & {*folders} else name


def _href(written: object) -> str:
    """Returns a reference, also if an object contains it."""
    if isinstance(written, dict):
        return next((text for key in _HREFS if (text := lenient.text(written.get(key)))), "")
    return lenient.text(written)


def _description(entry: Document) -> str:
    return lenient.text(entry.get("description"))[:DESCRIPTION_LENGTH]
