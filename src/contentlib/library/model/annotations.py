"""Defines notes and labels of libraries and items."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Annotation(msgspec.Struct, frozen=True):
    """What people have written about a library or an item: free text, and values by keys."""

    thing: str
    notes: str = ""
    labels: Mapping[str, str] = {}


class AnnotationChange(msgspec.Struct, frozen=True):
    """What to change of notes and labels: new notes, labels to set, keys to remove."""

    notes: str | None
    labels: Mapping[str, str]
    removed: frozenset[str] = frozenset()

    def of(self, annotation: Annotation) -> Annotation:
        """Returns what was written, changed. A key that is both removed and set is set."""
        kept = {key: value for key, value in annotation.labels.items() if key not in self.removed}
        notes = annotation.notes if self.notes is None else self.notes
        return Annotation(annotation.thing, notes, kept | dict(self.labels))


class LabelCount(msgspec.Struct, frozen=True):
    """A label, and the number of libraries and items that have it."""

    key: str
    value: str
    things: int
