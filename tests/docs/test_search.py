"""Compares the answers that the guide about queries shows with the structures of the API; its lines run in `test_lines`."""

from __future__ import annotations

import json
from typing import Any

from contentlib.services.contentlib_events import EventList
from contentlib.services.contentlib_labels import LabelUse
from contentlib.services.contentlib_library import LibraryQueryResult
from contentlib.services.contentlib_library_item import ItemQueryResult
from contentlib.services.contentlib_overview import ServerOverview
from contentlib.structures.queries import AnnotationInfo
from contentlib.vapi.types import Structure, fields_of
from contentlib.wire.walk import part
from docs.reading import DOCS, blocks

ANSWERS: tuple[type[Structure], ...] = (
    ItemQueryResult,
    LibraryQueryResult,
    AnnotationInfo,
    AnnotationInfo,
    LabelUse,
    ServerOverview,
    EventList,
)


def check(shown: Any, structure: type[Structure]) -> None:
    """The fields are those of the structure; only optional ones are left out."""
    if isinstance(shown, list):
        for each in shown:
            check(each, structure)
        return
    declared = {field.name: field for field in fields_of(structure)}
    assert set(shown) <= set(declared)
    assert {name for name, field in declared.items() if field.required} <= set(shown)
    for name, value in shown.items():
        inner = part(declared[name].type.of) if declared[name].type.kind == "list" else declared[name].type
        if inner.kind == "structure":
            check(value, inner.python)


def test_shown_answers_have_the_fields_of_their_structures() -> None:
    shown = [text for language, text in blocks(DOCS / "guide" / "search.md") if language == "text" and text[0] in "[{"]
    for text, structure in zip(shown, ANSWERS, strict=True):
        check(json.loads(text), structure)
