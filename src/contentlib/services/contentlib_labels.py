"""Implements contentlib.labels: the labels that are in use.

A service of our own: upstream has none.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.visibility import Visibility
from contentlib.library.catalog.annotations import Annotations
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Integer, Structure

_PREFIX = "contentlib.labels"


class LabelUse(Structure):
    """A label, and the number of libraries and items that have it and that the caller may read."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.use"
    key: str
    things: Integer
    value: str


class LabelsService(Service):
    """Labels in use. They are set with `contentlib.library.labels` and `contentlib.library.item.labels`."""

    vapi_id = _PREFIX

    def __init__(self, annotations: Annotations, visibility: Visibility) -> None:
        self._annotations = annotations
        self._visibility = visibility

    @operation(Route("GET", "/api/contentlib/labels"), privileges=(READ,))
    async def list(self, call: Call) -> builtins.list[LabelUse]:
        """Lists the labels of the libraries and items that the caller may read, in order of key and value; at most 1,000."""
        found = await self._annotations.in_use(await self._visibility.of(call))
        return [LabelUse(key=each.key, things=each.things, value=each.value) for each in found]
