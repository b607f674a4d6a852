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
    """Libraries, items and their versions.

    `made` is what the server answers to the call, of which identifiers are taken; `copies` has those of what it makes without
    an answer: by library that follows another one, its items by those that they are copies of.
    """

    now: int
    made: Any = None
    copies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    libraries: dict[str, Library] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    updates: dict[str, Session] = field(default_factory=dict)
    downloads: dict[str, Session] = field(default_factory=dict)
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    trash: dict[str, Library | Item] = field(default_factory=dict)
    hidden: dict[str, dict[str, Item]] = field(default_factory=dict)
    """The items of libraries that are in the trash."""
    contents: int = 0
    """How many contents files have had."""
    sweeping: bool = False
    """Whether a sweep may be going on, which every purge begins."""

    # libraries

    def local_library_create(self, create_spec: Told, client_token: str | None = None) -> str:
        named(create_spec)
        return self._once("library", client_token, lambda: self._new_library(create_spec))

    def library_get(self, library_id: str) -> Told:
        library = self._library(library_id)
        told: dict[str, Any] = {"name": library.name, "description": library.description, "version": str(library.version)}
        told["type"] = "LOCAL" if library.source is None else "SUBSCRIBED"
        told["state_info"] = {"state": "MAINTENANCE" if library.maintained else "ACTIVE"}
        told["storage_backings"] = [{"type": "DATASTORE", "datastore_id": library.storage}]
        return told if library.source else {**told, "publish_info": {"published": library.published}}

    def library_list(self) -> set[str]:
        return set(self.libraries)

    def library_find(self, spec: Told) -> set[str]:
        return {each.id for each in self.libraries.values() if each.name.casefold() == spec["name"].casefold()}

    def library_update(self, library_id: str, update_spec: Told) -> None:
        library = self._library(library_id)
        named(update_spec)
        changes = dict(update_spec)
        if "configuration_info" in changes:
            changes["protects_items"] = changes.pop("configuration_info")["apply_library_usage_to_items"]
        if replace(library, **changes) != library:
            self.libraries[library_id] = replace(library, **changes, version=library.version + 1)

    def local_library_update(self, library_id: str, update_spec: Told) -> None:
        changes = dict(update_spec)
        version = changes.pop("version")
        library = self._local(library_id)
        named(changes)
        if "publish_info" in changes:
            changes["published"] = changes.pop("publish_info")["published"]
        if str(library.version) != version:
            raise Refused("concurrent_change")
        self.library_update(library_id, changes)

    def local_library_delete(self, library_id: str) -> None:
        self._local(library_id)
        self.library_delete(library_id)

    def local_library_force_delete(self, library_id: str) -> None:
        self._local(library_id)
        self.library_force_delete(library_id)

    def library_delete(self, library_id: str) -> None:
        library = self._library(library_id)
        if library.maintained or library.usages:
            raise Refused("not_allowed_in_current_state")
        self.library_force_delete(library_id)

    def library_force_delete(self, library_id: str) -> None:
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
        named(create_spec)
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
            "cached": True,
            **({} if item.source is None else {"source_id": item.source}),
        }

    def library_item_list(self, library_id: str) -> set[str]:
        self._library(library_id)
        return {each.id for each in self.items.values() if each.library == library_id}

    def library_item_find(self, spec: Told) -> set[str]:
        return {each.id for each in self.items.values() if all(_fits(each, *wanted) for wanted in spec.items())}

    def library_item_update(self, library_item_id: str, update_spec: Told) -> None:
        named(update_spec)
        item = self._item(library_item_id)
        self._changeable(item.library)
        changed = replace(item, **update_spec)
        if changed == item:
            return
        if changed.name.casefold() != item.name.casefold():
            self._free_name(changed)
        self.items[item.id] = replace(changed, version=item.version + 1, changed=self.now)

    def library_item_delete(self, library_item_id: str) -> None:
        library = self._changeable(self._item(library_item_id).library)
        if library.protects_items and library.usages:
            raise Refused("not_allowed_in_current_state")
        self._stop(library_item_id)
        self.trash[library_item_id] = self.items.pop(library_item_id)

    def library_item_copy(self, source_library_item_id: str, destination_create_spec: Told) -> str:
        source = self._item(source_library_item_id)
        spec = {"name": source.name, "description": source.description, "type": source.type, **destination_create_spec}
        named(spec)
        copy = self._new_item(spec)
        copy.source = source.source or source.id
        if source.versions:
            self.advance(copy, source.files)
        return copy.id

    def library_item_file_list(self, library_item_id: str) -> list[Told]:
        return [_file(file, version=str(file.revision)) for file in self._item(library_item_id).files]

    # the trash

    def trash_list(self) -> list[Told]:
        return [{"id": each.id, "name": each.name} for each in self.trash.values()]

    def trash_purge(self, deleted_id: str) -> None:
        self._deleted(deleted_id)
        del self.trash[deleted_id]
        gone = [each.id for each in self.trash.values() if isinstance(each, Item) and each.library == deleted_id]
        for item_id in gone:
            del self.trash[item_id]
        self.hidden.pop(deleted_id, None)
        self.sweeping = True

    def trash_restore(self, deleted_id: str, name: str | None = None) -> None:
        if name == "":
            raise Refused("invalid_argument")
        found = self._deleted(deleted_id)
        if isinstance(found, Library):
            self.libraries[found.id] = replace(found, name=name or found.name, version=found.version + 1)
            self.items |= self.hidden.pop(found.id)
        else:
            if found.library not in self.libraries or self.libraries[found.library].maintained:
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
        self._changeable(item.library)
        if version == str(item.number):
            raise Refused("already_in_desired_state")
        if self.active_of(item.id) is not None:
            raise Refused("resource_busy")
        self.advance(item, tuple(self._raised(file, item) for file in wanted))
        return str(item.content_version)

    # what they have in common

    def active_of(self, item_id: str) -> Session | None:
        """The active update session of an item."""
        return next((each for each in self.updates.values() if each.item == item_id and each.state == "ACTIVE"), None)

    def advance(self, item: Item, files: tuple[File, ...]) -> None:
        """Gives an item a new content version."""
        item.content_version += 1
        self.keep(item, item.content_version, files)
        item.abandoned = False

    def keep(self, item: Item, number: int, files: tuple[File, ...]) -> None:
        """Gives an item a version of that number."""
        item.versions[number], item.made[number] = files, self.now

    def new_content(self) -> int:
        """A number that no content of a file has had."""
        self.contents += 1
        return self.contents

    def _raised(self, file: File, item: Item) -> File:
        current = item.file(file.name)
        if current is not None and current.data == file.data:
            return current
        return replace(file, revision=(file if current is None else current).revision + 1, number=self.new_content())

    def _once(self, kind: str, token: str | None, make: Any) -> str:
        if token is None:
            return str(make())
        if (kind, token) not in self.tokens:
            self.tokens[kind, token] = make()
        return self.tokens[kind, token]

    def _new_library(self, spec: Told) -> str:
        published = spec.get("publish_info", {}).get("published", False)
        self.libraries[self.made] = Library(self.made, spec["name"], spec.get("description", ""), published=published)
        return str(self.made)

    def _new_item(self, spec: Told) -> Item:
        library = self._changeable(spec["library_id"])
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

    def all_items(self) -> list[Item]:
        """All items, those in the trash too."""
        deleted = [each for each in self.trash.values() if isinstance(each, Item)]
        return [*self.items.values(), *deleted, *itertools.chain.from_iterable(each.values() for each in self.hidden.values())]

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

    def _local(self, library_id: str) -> Library:
        library = self._library(library_id)
        if library.source is not None:
            raise Refused("invalid_element_type")
        return library

    def _changeable(self, library_id: str) -> Library:
        """A library whose items can be changed."""
        library = self._local(library_id)
        if library.maintained:
            raise Refused("not_allowed_in_current_state", "resource_busy")
        return library

    def _item(self, item_id: str) -> Item:
        if item_id not in self.items:
            raise Refused("not_found")
        return self.items[item_id]


def named(spec: Told) -> None:
    if not spec.get("name", "a name"):
        raise Refused("invalid_argument")


def storage_in(spec: Told) -> str:
    """The storage that a specification names."""
    (backing,) = spec["storage_backings"]
    return str(backing["datastore_id"])


def _fits(item: Item, field_name: str, wanted: str) -> bool:
    if field_name == "library_id":
        return item.library == wanted
    return str(getattr(item, field_name)).casefold() == wanted.casefold()


def _file(file: File, **more: str) -> Told:
    return {"name": file.name, "size": len(file.data), **more}
