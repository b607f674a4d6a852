"""Implements the property collector: follows the traversals of a filter and reads properties.

Knows no client and no type; `objects` and `properties` have the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from contentlib.safe_xml import local
from contentlib.vim import messages
from contentlib.vim.faults import invalid_argument, invalid_property, not_found
from contentlib.vim.objects import World, is_a
from contentlib.vim.properties import properties_of, read
from contentlib.vim.values import Array, Data, Reference, Typed, Value

MOST_STEPS = 50_000
_LARGE = 5000
_TRUE = {"true", "1"}


@dataclass(frozen=True, slots=True)
class PropertySpec:
    """The properties to read of objects of a type."""

    type: str
    everything: bool
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traversal:
    """A step from objects of a type along a property. `then` are the names or traversals that follow."""

    name: str | None
    type: str
    path: str
    skip: bool
    then: tuple[str | Traversal, ...]


@dataclass(frozen=True, slots=True)
class Start:
    """Start of a walk."""

    target: Reference
    skip: bool
    then: tuple[str | Traversal, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Objects to visit and properties to read."""

    properties: tuple[PropertySpec, ...]
    starts: tuple[Start, ...]

    def asks_only(self, allowed: Mapping[str, Collection[str]]) -> bool:
        """Whether only the given properties (by type) of objects named in the filter are read."""
        return not any(start.then for start in self.starts) and all(
            not spec.everything and set(spec.paths) <= set(allowed.get(spec.type, ())) for spec in self.properties
        )


class Budget:
    """What a call may cost: steps of walks, comparisons with property sets, and values that are read, each with its fields."""

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self._left = steps

    @property
    def is_large(self) -> bool:
        """Whether so much was read that it is better written aside."""
        return self._left < MOST_STEPS - _LARGE

    def spend(self, steps: int = 1) -> None:
        """Raises VimFault if the call costs too much."""
        self._left -= steps
        if self._left < 0:
            raise invalid_argument("specSet", messages.TOO_MANY_STEPS(argument="specSet", most=MOST_STEPS))


def text(element: etree._Element, name: str, default: str | None = None) -> str | None:
    """The text of a child."""
    child = next((each for each in element if local(each) == name), None)
    return default if child is None else (child.text or "").strip()


def flag(element: etree._Element, name: str) -> bool:
    """Returns a boolean child; false if it is missing."""
    return text(element, name) in _TRUE


def reference(element: etree._Element | None, name: str) -> Reference:
    """The managed object that an element names."""
    kind = None if element is None else element.get("type")
    if element is None or not kind:
        raise invalid_argument(name, messages.NOT_A_REFERENCE(argument=name))
    return Reference(kind, (element.text or "").strip())


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of a name."""
    return next((each for each in element if local(each) == name), None)


def every(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """The children of a name."""
    return (each for each in element if local(each) == name)


def filter_of(element: etree._Element) -> Filter:
    """The filter that an element PropertyFilterSpec holds."""
    specs = tuple(
        PropertySpec(
            text(each, "type", "") or "", flag(each, "all"), tuple((path.text or "") for path in every(each, "pathSet"))
        )
        for each in every(element, "propSet")
    )
    starts = tuple(
        Start(reference(child(each, "obj"), "objectSet.obj"), flag(each, "skip"), _selections(each))
        for each in every(element, "objectSet")
    )
    return Filter(specs, starts)


def _selections(element: etree._Element) -> tuple[str | Traversal, ...]:
    return tuple(_selection(each) for each in every(element, "selectSet"))


def _selection(element: etree._Element) -> str | Traversal:
    """A traversal, or the name of one defined elsewhere in the filter."""
    path = text(element, "path")
    name = text(element, "name") or None
    if path is None:
        if name is None:
            raise invalid_argument("selectSet", messages.NOT_A_TRAVERSAL(argument="selectSet"))
        return name
    return Traversal(name, text(element, "type", "") or "", path, flag(element, "skip"), _selections(element))


def collect(world: World, wanted: Filter, budget: Budget) -> list[Data]:
    """An ObjectContent for each object that the filter reaches and reads, in the order in which they are reached."""
    found: dict[Reference, None] = {}
    for start in wanted.starts:
        budget.spend()
        if not world.exists(start.target):
            raise not_found(start.target)
        if not start.skip:
            found.setdefault(start.target)
        _Walk(world, found, _named(start.then), budget).go(start.target, start.then)
    contents = (_content(world, each, wanted.properties, budget) for each in found)
    return [each for each in contents if each is not None]


def _named(selections: tuple[str | Traversal, ...]) -> dict[str, Traversal]:
    names: dict[str, Traversal] = {}
    for each in selections:
        if isinstance(each, Traversal):
            if each.name is not None:
                names[each.name] = each
            names |= _named(each.then)
    return names


class _Walk:
    """One walk. An object is visited once per traversal, so that cyclic filters end.

    Pending steps are a list, not a recursion, because a chain of traversals can be as long as a request.
    """

    def __init__(self, world: World, found: dict[Reference, None], names: dict[str, Traversal], budget: Budget) -> None:
        self._world = world
        self._found = found
        self._names = names
        self._budget = budget
        self._walked: set[tuple[Reference, int]] = set()
        self._waiting: list[tuple[Reference, Traversal]] = []

    def go(self, target: Reference, selections: tuple[str | Traversal, ...]) -> None:
        """Walks in the order in which the filter names its ways, each to its end."""
        self._wait(target, selections)
        while self._waiting:
            at, traversal = self._waiting.pop()
            if is_a(at.type, traversal.type) and (at, id(traversal)) not in self._walked:
                self._walked.add((at, id(traversal)))
                self._follow(at, traversal)

    def _follow(self, target: Reference, traversal: Traversal) -> None:
        reached = _references(_read(self._world, target, traversal.path))
        self._budget.spend(1 + len(reached))
        for each in reached:
            if not traversal.skip:
                self._found.setdefault(each)
        for each in reversed(reached):
            self._wait(each, traversal.then)

    def _wait(self, target: Reference, selections: tuple[str | Traversal, ...]) -> None:
        self._budget.spend(len(selections))
        self._waiting += [(target, self._traversal(selection)) for selection in reversed(selections)]

    def _traversal(self, selection: str | Traversal) -> Traversal:
        traversal = selection if isinstance(selection, Traversal) else self._names.get(selection)
        if traversal is None:
            told = messages.UNKNOWN_TRAVERSAL(argument="selectSet.name", given=str(selection))
            raise invalid_argument("selectSet.name", told)
        return traversal


def _references(value: Value | None) -> list[Reference]:
    if isinstance(value, Reference):
        return [value]
    items = value.items if isinstance(value, Array) else ()
    return [each for each in items if isinstance(each, Reference)]


def _read(world: World, target: Reference, path: str) -> Value | None:
    try:
        return read(world, target, path)
    except KeyError as error:
        raise invalid_property(target.type, path) from error


def _content(world: World, target: Reference, specs: tuple[PropertySpec, ...], budget: Budget) -> Data | None:
    """Returns the properties of an object, or None if the filter selects none of its type."""
    budget.spend(len(specs))
    fitting = [each for each in specs if is_a(target.type, each.type)]
    if not fitting:
        return None
    paths: dict[str, None] = {}
    for spec in fitting:
        budget.spend(len(spec.paths))
        paths |= dict.fromkeys(properties_of(target.type) if spec.everything else spec.paths)
    read = []
    for path in sorted(paths):
        value = _read(world, target, path)
        if value is not None:
            budget.spend(_size(value))
            read.append(Data("DynamicProperty", {"name": path, "val": Typed(value)}))
    return Data("ObjectContent", {"obj": target, "propSet": Array("DynamicProperty", read)})


def _size(value: Value | None) -> int:
    """The number of values that a value consists of."""
    if isinstance(value, Typed):
        return _size(value.value)
    if isinstance(value, Data):
        return 1 + sum(map(_size, value.fields.values()))
    return 1 + sum(map(_size, value.items)) if isinstance(value, Array) else 1
