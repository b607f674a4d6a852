"""The model of libraries; a method an operation, which answers what the server must answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.state import Item, Library, Refused, Session

Told = Mapping[str, Any]


@dataclass
class Libraries:
    """Libraries, and what the server holds besides.

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
        if changes.get("name", library.name).casefold() != library.name.casefold():
            self.check_library_name(changes["name"], library_id)
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

    # what they have in common

    def active_of(self, item_id: str) -> Session | None:
        """The active update session of an item."""
        return next((each for each in self.updates.values() if each.item == item_id and each.state == "ACTIVE"), None)

    def _stop(self, item_id: str) -> None:
        """Ends the session that changes an item which goes."""
        active = self.active_of(item_id)
        if active is not None:
            active.state = "CANCELED"

    def _once(self, kind: str, token: str | None, make: Any) -> str:
        if token is None:
            return str(make())
        if (kind, token) not in self.tokens:
            self.tokens[kind, token] = make()
        return self.tokens[kind, token]

    def check_library_name(self, name: str, but: str = "") -> None:
        """Two libraries have different names."""
        if any(each.name.casefold() == name.casefold() for each in self.libraries.values() if each.id != but):
            raise Refused("already_exists")

    def _new_library(self, spec: Told) -> str:
        self.check_library_name(spec["name"])
        published = spec.get("publish_info", {}).get("published", False)
        self.libraries[self.made] = Library(self.made, spec["name"], spec.get("description", ""), published=published)
        return str(self.made)

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


def named(spec: Told) -> None:
    if not spec.get("name", "a name"):
        raise Refused("invalid_argument")
