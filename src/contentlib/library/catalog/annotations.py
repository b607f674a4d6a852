"""Keeps notes and labels of libraries and items."""

from __future__ import annotations

import re
from collections.abc import Mapping

from contentlib.library.catalog import messages
from contentlib.library.catalog.items import find_item
from contentlib.library.catalog.libraries import find_library
from contentlib.library.errors import Invalid
from contentlib.library.messages import TOO_LONG
from contentlib.library.model import Annotation, AnnotationChange, LabelCount, SeenLibraries
from contentlib.library.names import check_text
from contentlib.library.ports import MetadataStore

MOST_LABELS, MOST_LISTED = 64, 1000
LONGEST_NOTES, LONGEST_VALUE = 10_000, 255
_KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?", re.ASCII)


class Annotations:
    """The operations on notes and labels. They are not published, so they can be set on subscribed libraries too."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def of_library(self, library_id: str) -> Annotation:
        """Returns the notes and labels of a library."""
        async with self._metadata.reading() as transaction:
            return await transaction.annotations.get((await find_library(transaction, library_id)).id)

    async def of_item(self, item_id: str) -> Annotation:
        """Returns the notes and labels of an item."""
        async with self._metadata.reading() as transaction:
            return await transaction.annotations.get((await find_item(transaction, item_id)).id)

    async def set_library(self, library_id: str, notes: str, labels: Mapping[str, str]) -> None:
        """Replaces the notes and labels of a library."""
        _check(notes, labels)
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, library_id)
            await transaction.annotations.put_library(Annotation(library.id, notes, labels))

    async def set_item(self, item_id: str, notes: str, labels: Mapping[str, str]) -> None:
        """Replaces the notes and labels of an item."""
        _check(notes, labels)
        async with self._metadata.transaction(durable=True) as transaction:
            item = await find_item(transaction, item_id)
            await transaction.annotations.put_item(Annotation(item.id, notes, labels))

    async def change_library(self, library_id: str, change: AnnotationChange) -> None:
        """Changes notes and labels of a library, in one transaction."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, library_id)
            await transaction.annotations.put_library(_changed(await transaction.annotations.get(library.id), change))

    async def change_item(self, item_id: str, change: AnnotationChange) -> None:
        """Changes notes and labels of an item, in one transaction."""
        async with self._metadata.transaction(durable=True) as transaction:
            item = await find_item(transaction, item_id)
            await transaction.annotations.put_item(_changed(await transaction.annotations.get(item.id), change))

    async def in_use(self, seen: SeenLibraries) -> list[LabelCount]:
        """The first labels in use on what a caller may see."""
        async with self._metadata.reading() as transaction:
            return await transaction.annotations.labels(seen, MOST_LISTED)


def _changed(annotation: Annotation, change: AnnotationChange) -> Annotation:
    changed = change.of(annotation)
    _check(changed.notes, changed.labels)
    return changed


def _check(notes: str, labels: Mapping[str, str]) -> None:
    if len(notes) > LONGEST_NOTES:
        raise Invalid(TOO_LONG(field="spec.notes", length=len(notes), most=LONGEST_NOTES))
    check_text("spec.notes", notes)
    if len(labels) > MOST_LABELS:
        raise Invalid(messages.TOO_MANY_LABELS(field="spec.labels", count=len(labels), most=MOST_LABELS))
    for key, value in labels.items():
        check_label_key(key)
        if len(value) > LONGEST_VALUE:
            raise Invalid(TOO_LONG(field="spec.labels.value", length=len(value), most=LONGEST_VALUE))
        check_text("spec.labels.value", value)


def check_label_key(key: str) -> None:
    """Raises Invalid for what cannot be the key of a label."""
    if not _KEY.fullmatch(key):
        raise Invalid(messages.NOT_A_LABEL_KEY(field="spec.labels.key", given=key[:80]))
