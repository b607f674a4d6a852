"""The model of libraries, items and content versions; a method an operation, which answers what the server must answer."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.state import LEASE, File, Item, Library, Refused, Session

Told = Mapping[str, Any]


@dataclass
class Content:
    """Libraries, items and their versions. `made` is what the server answers to the call, of which identifiers are taken."""

    now: int
    made: Any = None
    libraries: dict[str, Library] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    updates: dict[str, Session] = field(default_factory=dict)
    downloads: dict[str, Session] = field(default_factory=dict)
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    trash: dict[str, Library | Item] = field(default_factory=dict)
    hidden: dict[str, dict[str, Item]] = field(default_factory=dict)
    """The items of libraries that are in the trash."""

    # libraries

    def local_library_create(self, create_spec: Told, client_token: str | None = None) -> str:
        _named(create_spec)
        return self._once("library", client_token, lambda: self._new_library(create_spec))

    def library_get(self, library_id: str) -> Told:
        library = self._library(library_id)
        return {"name": library.name, "description": library.description, "version": str(library.version), "type": "LOCAL"}

    def library_list(self) -> set[str]:
        return set(self.libraries)

    def library_find(self, spec: Told) -> set[str]:
        return {each.id for each in self.libraries.values() if each.name.casefold() == spec["name"].casefold()}

    def library_update(self, library_id: str, update_spec: Told) -> None:
        library = self._library(library_id)
        _named(update_spec)
        changes = dict(update_spec)
        if "configuration_info" in changes:
            changes["protects_items"] = changes.pop("configuration_info")["apply_library_usage_to_items"]
        if replace(library, **changes) != library:
            self.libraries[library_id] = replace(library, **changes, version=library.version + 1)

    def local_library_update(self, library_id: str, update_spec: Told) -> None:
        changes = dict(update_spec)
        version = changes.pop("version")
        library = self._library(library_id)
        _named(changes)
        if str(library.version) != version:
            raise Refused("concurrent_change")
        self.library_update(library_id, changes)

    def local_library_delete(self, library_id: str) -> None:
        if self._library(library_id).usages:
            raise Refused("not_allowed_in_current_state")
        self.local_library_force_delete(library_id)

    def local_library_force_delete(self, library_id: str) -> None:
        self._library(library_id)
        self.hidden[library_id] = {each.id: each for each in self.items.values() if each.library == library_id}
        for item_id in self.hidden[library_id]:
            self._stop(item_id)
            del self.items[item_id]
        self.trash[library_id] = self.libraries.pop(library_id)

    def library_usages_add(self, library: str, spec: Told) -> str:
        usages = self._library(library).usages
        if spec["resource_urn"] in usages.values():
            raise Refused("already_exists")
        usages[self.made] = spec["resource_urn"]
        return str(self.made)

    def library_usages_list(self, library: str) -> Told:
        usages = self._library(library).usages
        return {"library_usage_list": [{"usage": usage, "resource_urn": urn} for usage, urn in usages.items()]}

    def library_usages_remove(self, library: str, usage: str) -> None:
        usages = self._library(library).usages
        if usage not in usages:
            raise Refused("not_found")
        del usages[usage]

    # items

    def library_item_create(self, create_spec: Told, client_token: str | None = None) -> str:
        _named(create_spec)
        return self._once("item", client_token, lambda: self._new_item(create_spec).id)

    def library_item_get(self, library_item_id: str) -> Told:
        item = self._item(library_item_id)
        return {
            "name": item.name,
            "description": item.description,
            "type": item.type,
            "library_id": item.library,
            "version": str(item.version),
            "metadata_version": str(item.version),
            "content_version": str(item.content_version),
            "size": sum(len(file.data) for file in item.files),
        }

    def library_item_list(self, library_id: str) -> set[str]:
        self._library(library_id)
        return {each.id for each in self.items.values() if each.library == library_id}

    def library_item_find(self, spec: Told) -> set[str]:
        return {each.id for each in self.items.values() if all(_fits(each, *wanted) for wanted in spec.items())}

    def library_item_update(self, library_item_id: str, update_spec: Told) -> None:
        _named(update_spec)
        item = self._item(library_item_id)
        changed = replace(item, **update_spec)
        if changed == item:
            return
        if changed.name.casefold() != item.name.casefold():
            self._free_name(changed)
        self.items[item.id] = replace(changed, version=item.version + 1, changed=self.now)

    def library_item_delete(self, library_item_id: str) -> None:
        library = self.libraries[self._item(library_item_id).library]
        if library.protects_items and library.usages:
            raise Refused("not_allowed_in_current_state")
        self._stop(library_item_id)
        self.trash[library_item_id] = self.items.pop(library_item_id)

    def library_item_copy(self, source_library_item_id: str, destination_create_spec: Told) -> str:
        source = self._item(source_library_item_id)
        spec = {"name": source.name, "description": source.description, "type": source.type, **destination_create_spec}
        _named(spec)
        copy = self._new_item(spec)
        copy.source = source.source or source.id
        if source.versions:
            copy.content_version = 2
            copy.versions = {2: source.files}
        return copy.id

    def library_item_file_list(self, library_item_id: str) -> list[Told]:
        return [_file(file, version=str(file.revision)) for file in self._item(library_item_id).files]

    # the trash

    def trash_list(self) -> list[Told]:
        return [{"id": each.id, "name": each.name} for each in self.trash.values()]

    def trash_purge(self, deleted_id: str) -> None:
        self._deleted(deleted_id)
        del self.trash[deleted_id]
        self.hidden.pop(deleted_id, None)

    def trash_restore(self, deleted_id: str, name: str | None = None) -> None:
        if name == "":
            raise Refused("invalid_argument")
        found = self._deleted(deleted_id)
        if isinstance(found, Library):
            self.libraries[found.id] = replace(found, name=name or found.name, version=found.version + 1)
            self.items |= self.hidden.pop(found.id)
        else:
            if found.library not in self.libraries:
                raise Refused("not_allowed_in_current_state")
            restored = replace(found, name=name or found.name, version=found.version + 1, changed=self.now)
            self._free_name(restored)
            self.items[found.id] = restored
        del self.trash[deleted_id]

    # content versions

    def library_item_changes_list(self, library_item: str) -> list[Told]:
        return [{"version": str(number)} for number in reversed(self._item(library_item).versions)]

    def versions_make_current(self, library_item_id: str, version: str) -> str:
        item = self._item(library_item_id)
        wanted = next((files for number, files in item.versions.items() if str(number) == version), None)
        if wanted is None:
            raise Refused("not_found")
        if version == str(item.content_version):
            raise Refused("already_in_desired_state")
        if self.active_of(item.id) is not None:
            raise Refused("resource_busy")
        self.advance(item, tuple(_raised(file, item) for file in wanted))
        return str(item.content_version)

    # what they have in common

    def active_of(self, item_id: str) -> Session | None:
        """The active update session of an item."""
        return next((each for each in self.updates.values() if each.item == item_id and each.state == "ACTIVE"), None)

    def advance(self, item: Item, files: tuple[File, ...]) -> None:
        """Gives an item a new content version."""
        item.content_version += 1
        item.versions[item.content_version] = files
        item.abandoned = False

    def _once(self, kind: str, token: str | None, make: Any) -> str:
        if token is None:
            return str(make())
        if (kind, token) not in self.tokens:
            self.tokens[kind, token] = make()
        return self.tokens[kind, token]

    def _new_library(self, spec: Told) -> str:
        self.libraries[self.made] = Library(self.made, spec["name"], spec.get("description", ""))
        return str(self.made)

    def _new_item(self, spec: Told) -> Item:
        library = self._library(spec["library_id"])
        item = Item(self.made, library.id, spec["name"], spec.get("description", ""), spec.get("type", ""), None, self.now)
        self._free_name(item)
        self.items[item.id] = item
        return item

    def _free_name(self, item: Item) -> None:
        for other in list(self.items.values()):
            if other.id == item.id or other.library != item.library or other.name.casefold() != item.name.casefold():
                continue
            if other.versions or self.active_of(other.id) or not (other.abandoned or other.changed + LEASE < self.now):
                raise Refused("already_exists")
            del self.items[other.id]

    def _is_gone(self, item_id: str) -> bool:
        """Whether an item is not even in the trash."""
        return item_id not in {*self.items, *self.trash, *itertools.chain.from_iterable(self.hidden.values())}

    def _stop(self, item_id: str) -> None:
        """Ends the session that changes an item which goes."""
        active = self.active_of(item_id)
        if active is not None:
            active.state = "CANCELED"

    def _deleted(self, identifier: str) -> Library | Item:
        if identifier not in self.trash:
            raise Refused("not_found")
        return self.trash[identifier]

    def _library(self, library_id: str) -> Library:
        if library_id not in self.libraries:
            raise Refused("not_found")
        return self.libraries[library_id]

    def _item(self, item_id: str) -> Item:
        if item_id not in self.items:
            raise Refused("not_found")
        return self.items[item_id]


def _named(spec: Told) -> None:
    if not spec.get("name", "a name"):
        raise Refused("invalid_argument")


def _fits(item: Item, field_name: str, wanted: str) -> bool:
    if field_name == "library_id":
        return item.library == wanted
    return str(getattr(item, field_name)).casefold() == wanted.casefold()


def _raised(file: File, item: Item) -> File:
    current = next((each for each in item.files if each.name == file.name), None)
    if current is not None and current.data == file.data:
        return current
    return replace(file, revision=(file if current is None else current).revision + 1)


def _file(file: File, **more: str) -> Told:
    return {"name": file.name, "size": len(file.data), **more}
