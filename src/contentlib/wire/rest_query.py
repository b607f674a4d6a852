"""Reads query parameters: dotted paths into structures, positions from 1 in lists, `.N.key` and `.N.value` in maps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Union
from urllib.parse import parse_qsl

from contentlib.vapi.errors import InvalidArgument, InvalidRequest
from contentlib.vapi.types import Field, Type, fields_of
from contentlib.wire import messages
from contentlib.wire.dispatch import Pairs
from contentlib.wire.text import quoted, scalar, wrong
from contentlib.wire.walk import ValueReader, part

Tree = Union[list[str], dict[str, "Tree"]]  # noqa: UP007 - a recursive alias needs the name as text
"""The content of a name: its texts, or the names below it."""

_MOST = 1000  # parameters in a query
_DEEPEST = 32  # dots in a name
_LONGEST = 6  # digits in a position

_ACTION = "~action"
_ACTION_ALONE = "~action="


def split(query: str) -> tuple[str | None, Pairs]:
    """The action that a query names, if any, and its other parameters."""
    if query.startswith(_ACTION_ALONE) and query.isascii() and not any(sign in query for sign in "&%+;"):
        return query[len(_ACTION_ALONE) :], []
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError as error:
        raise InvalidRequest(messages.QUERY_UNREADABLE(most=_MOST)) from error
    actions = [value for name, value in pairs if name == _ACTION]
    if not actions:
        return None, pairs
    return actions[0], [pair for pair in pairs if pair[0] != _ACTION]


def given(parameters: tuple[Field, ...], pairs: Pairs) -> dict[str, Any]:
    """The parameters that stand in the query; names that are none are ignored."""
    if not pairs or not parameters:
        return {}
    known = {parameter.name for parameter in parameters}
    tree: dict[str, Tree] = {}
    for name, value in pairs:
        steps = name.split(".")
        if steps[0] in known:
            _put(tree, steps, name, value)
    return READER.given(parameters, tree)


def unmarked(pairs: Pairs, arguments: Mapping[str, Any]) -> Pairs:
    """The pairs without the names that only choose the operation: VMware's SDK sends `GET …?name`, and the name in the body."""
    return [(name, value) for name, value in pairs if value or name not in arguments]


def spread(parameters: tuple[Field, ...], pairs: Pairs) -> Pairs:
    """The pairs with the fields of structures under their parameter's name, where `/api` writes them without it."""
    known = {parameter.name for parameter in parameters}
    owners: dict[str, str] = {}
    for parameter in parameters:
        declared = part(parameter.type.of) if parameter.type.kind == "optional" else parameter.type
        if declared.kind == "structure":
            for field in fields_of(declared.python):
                owners.setdefault(field.name, parameter.name)
    return [(_under(name, known, owners), value) for name, value in pairs]


def _under(name: str, known: set[str], owners: dict[str, str]) -> str:
    first = name.partition(".")[0]
    return name if first in known or first not in owners else f"{owners[first]}.{name}"


def _put(tree: dict[str, Tree], steps: list[str], name: str, value: str) -> None:
    if len(steps) > _DEEPEST:
        raise InvalidRequest(messages.QUERY_TOO_DEEP(name=name, most=_DEEPEST))
    for step in steps[:-1]:
        below = tree.setdefault(step, {})
        if not isinstance(below, dict):
            raise InvalidArgument(messages.VALUE_HAS_NO_FIELDS(field=name, parent=step))
        tree = below
    texts = tree.setdefault(steps[-1], [])
    if not isinstance(texts, list):
        raise InvalidArgument(messages.VALUE_AND_FIELDS(field=name))
    texts.append(value)


class QueryReader(ValueReader[Tree]):
    """Reads the tree that dotted names make."""

    def fields(self, raw: Tree, declared: Type, path: str) -> Mapping[str, Tree]:
        """The names below."""
        if not isinstance(raw, dict):
            raise wrong(path, f"a structure ({declared}), its fields as {path}.field", "a value")
        return raw

    def items(self, raw: Tree, declared: Type, path: str) -> Iterable[Tree]:  # noqa: ARG002 - as every reader has it
        """Returns the values at positions 1, 2, …, or each value of a repeated key."""
        if isinstance(raw, list):
            return [[text] for text in raw]
        return [below for _, below in _positions(raw, path)]

    def entries(self, raw: Tree, declared: Type, path: str) -> Iterable[tuple[Tree, Tree]]:
        """The key and value at each position."""
        if not isinstance(raw, dict):
            raise wrong(path, f"a map ({declared}), its entries as {path}.1.key and {path}.1.value", "a value")
        return [_entry(below, f"{path}.{n}") for n, below in _positions(raw, path)]

    def scalar(self, raw: Tree, declared: Type, path: str) -> Any:
        """The one text that was given."""
        if isinstance(raw, dict):
            raise wrong(path, declared, f"an object with the field {quoted(next(iter(raw)))}")
        if len(raw) > 1:
            raise InvalidArgument(messages.GIVEN_TWICE(field=path))
        return scalar(declared, raw[0], path)


def _positions(raw: dict[str, Tree], path: str) -> list[tuple[int, Tree]]:
    for step in raw:
        if not (step.isascii() and step.isdecimal() and len(step) <= _LONGEST):
            raise InvalidArgument(messages.BAD_POSITION(field=path, position=step))
    found = sorted(((int(step), below) for step, below in raw.items()), key=itemgetter(0))
    for expected, (position, _) in enumerate(found, 1):
        if position != expected:
            raise InvalidArgument(messages.MISSING_POSITION(field=path, expected=expected, position=position))
    return found


def _entry(raw: Tree, path: str) -> tuple[Tree, Tree]:
    if not (isinstance(raw, dict) and "key" in raw and "value" in raw):
        raise InvalidArgument(messages.ENTRY_INCOMPLETE(field=path))
    return raw["key"], raw["value"]


READER = QueryReader()
