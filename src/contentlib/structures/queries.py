"""Defines structures of queries, notes and labels, which libraries and items share."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import ClassVar

from contentlib.library.catalog.messages import LABEL_TWICE
from contentlib.library.errors import Invalid
from contentlib.library.model import Annotation, AnnotationChange
from contentlib.vapi.types import Enumeration, Structure, enumeration

_PREFIX = "contentlib.labels"


@enumeration("contentlib.queries.sort")
class SortOrder(Enumeration):
    """The property by which a query is sorted; where it is equal, by identifier. The size of a library is what it holds."""

    NAME = "NAME"
    TYPE = "TYPE"
    CREATED = "CREATED"
    MODIFIED = "MODIFIED"
    SIZE = "SIZE"


class Label(Structure):
    """A label. The key is up to 63 letters, digits, dots, slashes, hyphens and underscores, the value up to 255 characters."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.label"
    key: str
    value: str


class LabelFilter(Structure):
    """Selects what has a label with this key, and with this value if it is set."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.filter"
    key: str
    value: str | None = None


class AnnotationInfo(Structure):
    """Notes and labels. They stay with a library or an item that is renamed or restored, and go to the copies of an item."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    labels: builtins.list[Label]
    notes: str


class AnnotationSpec(Structure):
    """Notes of up to 10,000 characters, and up to 64 labels. What is unset becomes empty."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.spec"
    labels: builtins.list[Label] | None = None
    notes: str | None = None


class AnnotationUpdateSpec(Structure):
    """Changes of notes and labels. `labels` are added, or replace those with the same key; `removed` are keys.

    What is unset stays as it is.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.update_spec"
    labels: builtins.list[Label] | None = None
    notes: str | None = None
    removed: builtins.list[str] | None = None


def labels_of(annotation: Annotation) -> builtins.list[Label]:
    """The labels as callers read them, in order of their keys."""
    return [Label(key=key, value=value) for key, value in sorted(annotation.labels.items())]


def annotation_info(annotation: Annotation) -> AnnotationInfo:
    """Notes and labels as callers read them."""
    return AnnotationInfo(labels=labels_of(annotation), notes=annotation.notes)


def given_change(spec: AnnotationUpdateSpec) -> AnnotationChange:
    """The change that a caller makes."""
    return AnnotationChange(spec.notes, given_labels(spec), frozenset(spec.removed or ()))


def given_labels(spec: AnnotationSpec | AnnotationUpdateSpec) -> Mapping[str, str]:
    """The labels that a caller sets."""
    found: dict[str, str] = {}
    for label in spec.labels or ():
        if label.key in found:
            raise Invalid(LABEL_TWICE(field="spec.labels", key=label.key[:80]))
        found[label.key] = label.value
    return found


def wanted_labels(filters: builtins.list[LabelFilter] | None) -> tuple[tuple[str, str | None], ...]:
    """The labels that a query asks for."""
    return tuple((each.key, each.value) for each in filters or ())
