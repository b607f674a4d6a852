"""The model of how libraries are kept: maintenance, migration, and the rules by which versions are kept."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any, TypeVar

from models.content import Content, storage_in
from models.libraries import Told
from models.state import Item, Library, Refused, Rule

_DEFAULT = Rule(versions=3)
"""The rule of the settings."""
Kept = TypeVar("Kept", bound="Upkeep")


class Upkeep(Content):
    """The operations on libraries as a whole."""

    def library_enter_maintenance(self, library_id: str) -> None:
        self._check_idle(self._library(library_id))
        self.libraries[library_id].maintained = True

    def library_exit_maintenance(self, library_id: str) -> None:
        library = self._library(library_id)
        if not library.maintained:
            raise Refused("not_allowed_in_current_state")
        library.maintained = False

    def library_migrate(self, library_id: str, migrate_spec: Told) -> None:
        """As it is when the task has ended."""
        library = self._library(library_id)
        storage = storage_in(migrate_spec)
        if storage == library.storage:
            raise Refused("already_in_desired_state")
        self._check_idle(library)
        library.storage = storage
        library.version += 1

    def _check_idle(self, library: Library) -> None:
        items = [each.id for each in self.items.values() if each.library == library.id]
        if library.maintained or any(self.active_of(each) for each in items):
            raise Refused("not_allowed_in_current_state")

    # what is kept

    def retention_get(self, library_id: str) -> Told:
        own = self._library(library_id).rule
        rule = own or _DEFAULT
        told: dict[str, Any] = {"own": own is not None, "versions": rule.versions, "seconds": rule.seconds}
        return {name: value for name, value in told.items() if value is not None}

    def retention_set(self, library_id: str, spec: Told) -> None:
        if any(value < 1 for value in spec.values()):
            raise Refused("invalid_argument")
        self._library(library_id).rule = Rule(**spec)

    def retention_reset(self, library_id: str) -> None:
        self._library(library_id).rule = None

    def swept(self: Kept) -> Kept:
        """The model when versions that are not kept have been collected."""
        return self._swept_of({each.library for each in self.all_items()})

    def perhaps_swept(self: Kept) -> Iterator[Kept]:
        """The model as it may be: a sweep goes from library to library, and may have come to some of them."""
        if not self.sweeping:
            yield self
            return
        libraries = sorted({item.library for item in self.all_items() if self._surplus(item)})
        for some in itertools.product((False, True), repeat=len(libraries)):
            yield self._swept_of(set(itertools.compress(libraries, some)))

    def _swept_of(self: Kept, libraries: set[str]) -> Kept:
        after = copy.deepcopy(self)
        for item in after.all_items():
            for number in after._surplus(item) if item.library in libraries else ():
                del item.versions[number]
        return after

    def _surplus(self, item: Item) -> list[int]:
        rule = self._rule_of(item.library)
        sessions = (*self.updates.values(), *self.downloads.values())
        read = {each.number for each in sessions if each.item == item.id and each.state == "ACTIVE"}
        return [
            number
            for number in item.versions
            if number != item.number and number not in read and self._is_over(rule, number, item)
        ]

    def _is_over(self, rule: Rule, number: int, item: Item) -> bool:
        newer = sorted(each for each in item.made if each > number)
        too_many = rule.versions is not None and len(newer) >= rule.versions
        return too_many or (rule.seconds is not None and item.made[newer[0]] < self.now - rule.seconds * 1000)

    def _rule_of(self, library_id: str) -> Rule:
        library = self.libraries.get(library_id) or self.trash.get(library_id)
        return (library.rule if isinstance(library, Library) else None) or _DEFAULT
