"""Keeps the filters of property collectors among the objects of their login session."""

from __future__ import annotations

from itertools import count

from lxml import etree

from contentlib.library.identifiers import new_identifier
from contentlib.safe_xml import parse
from contentlib.vim import messages
from contentlib.vim.collector import filter_of
from contentlib.vim.faults import invalid_argument, not_found
from contentlib.vim.login_objects import LoginObjects
from contentlib.vim.values import Reference

_MOST = 8
_LONGEST = 8192
_NAME_LENGTH = 80
COLLECTOR = "PropertyCollector"
_FILTER = "PropertyFilter"


class CollectorFilters:
    """The filters of the collectors of login sessions."""

    def __init__(self, objects: LoginObjects) -> None:
        self._objects = objects

    async def add(self, login: str, collector: Reference, spec: etree._Element) -> Reference:
        """Adds a filter to a collector. Raises VimFault if it is malformed or too long, or if the collector has too many."""
        filter_of(spec)
        text = etree.tostring(spec, method="c14n", exclusive=True).decode("utf-8")
        if len(collector.id) > _NAME_LENGTH:
            raise not_found(collector)
        async with self._objects.changing(login) as objects:
            if sum(_is_of(each, collector) for each in objects) >= _MOST or len(text) > _LONGEST:
                raise invalid_argument("spec", messages.FILTER_TOO_LARGE(argument="spec", most=_MOST, length=_LONGEST))
            names = (Reference(_FILTER, f"{collector.id}/{number}") for number in count())
            name = next(each for each in names if each not in objects)
            objects[name] = text
        return name

    async def all(self, login: str, collector: Reference) -> dict[Reference, etree._Element]:
        """The filters of a collector."""
        objects = await self._objects.of(login)
        return {each: parse(text.encode()) for each, text in objects.items() if _is_of(each, collector)}

    async def remove(self, login: str, target: Reference) -> None:
        """Removes a filter. Raises VimFault if there is none."""
        async with self._objects.changing(login) as objects:
            if target.type != _FILTER or objects.pop(target, None) is None:
                raise not_found(target)

    async def clear(self, login: str, collector: Reference) -> None:
        """Removes all filters of a collector."""
        async with self._objects.changing(login) as objects:
            for each in [each for each in objects if _is_of(each, collector)]:
                del objects[each]


def new_collector() -> Reference:
    """A collector without filters. Nothing of it is stored."""
    return Reference(COLLECTOR, f"session-{new_identifier()}")


def _is_of(target: Reference, collector: Reference) -> bool:
    return target.type == _FILTER and target.id.rpartition("/")[0] == collector.id
