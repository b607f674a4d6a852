"""The model of items and their content versions, also of those in the trash."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from models.libraries import Libraries, Told, named
from models.state import File, Item, Library, Refused


@dataclass
class Content(Libraries):
    """Libraries, items and their versions."""

    # items

    def library_item_create(self, create_spec: Told, client_token: str | None = None) -> str:
        named(create_spec)
        return self._once("item", client_token, lambda: self._new_item(create_spec, creating=True).id)

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
        self.items[item.id] = replace(changed, version=item.version + 1, abandoned=False)

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
            self.check_library_name(name or found.name)
            self.libraries[found.id] = replace(found, name=name or found.name, version=found.version + 1)
            self.items |= self.hidden.pop(found.id)
        else:
            if found.library not in self.libraries or self.libraries[found.library].maintained:
                raise Refused("not_allowed_in_current_state")
            restored = replace(found, name=name or found.name, version=found.version + 1, abandoned=False)
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

    def _new_item(self, spec: Told, *, creating: bool = False) -> Item:
        library = self._changeable(spec["library_id"])
        item = Item(self.made, library.id, spec["name"], spec.get("description", ""), spec.get("type", ""), None)
        if creating:
            self._trash_failed_draft(item)
        self._free_name(item)
        self.items[item.id] = item
        return item

    def _trash_failed_draft(self, item: Item) -> None:
        for other in list(self.items.values()):
            named = other.library == item.library and other.name.casefold() == item.name.casefold()
            if named and other.abandoned and not other.versions and self.active_of(other.id) is None:
                self.trash[other.id] = self.items.pop(other.id)

    def _free_name(self, item: Item) -> None:
        for other in list(self.items.values()):
            if other.id == item.id or other.library != item.library or other.name.casefold() != item.name.casefold():
                continue
            raise Refused("already_exists")

    def all_items(self) -> list[Item]:
        """All items, those in the trash too."""
        deleted = [each for each in self.trash.values() if isinstance(each, Item)]
        return [*self.items.values(), *deleted, *itertools.chain.from_iterable(each.values() for each in self.hidden.values())]

    def _deleted(self, identifier: str) -> Library | Item:
        if identifier not in self.trash:
            raise Refused("not_found")
        return self.trash[identifier]

    def _item(self, item_id: str) -> Item:
        if item_id not in self.items:
            raise Refused("not_found")
        return self.items[item_id]


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
