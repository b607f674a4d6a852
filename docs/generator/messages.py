"""The messages that callers may read, found in the program's own text: id, sentence, and what it is said with."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import contentlib
from contentlib.library import errors as rules
from contentlib.vapi import errors as vapi

_SOURCES = Path(contentlib.__file__).parent
_VAPI = {each.__name__: each.name for each in vapi.ERRORS.values()}
_RULES = {each.__name__: "__init__" in vars(each) for each in rules.LibraryError.__subclasses__()}
"""The errors of the rules, and whether they make their messages themselves."""
_METHODS = {"refused": "unauthenticated"}
_DOTS = "…"


@dataclass(frozen=True, order=True, slots=True)
class Message:
    """An id without its prefix, the sentence with its pieces in braces, the class that it is raised as, and a status."""

    id: str
    text: str
    raised: str
    status: str = ""


@cache
def messages() -> tuple[Message, ...]:
    """All messages, by id."""
    found: set[Message] = set()
    for path in _SOURCES.rglob("*.py"):
        found |= set(_File(ast.parse(path.read_text("utf-8"))).messages())
    return tuple(sorted(found))


class _File:
    """A module's messages."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._owner = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def messages(self) -> Iterator[Message]:
        """What the module says to callers."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and len(node.args) >= 2:
                raised = self._raised(node)
                if raised:
                    status = [_text(word.value) for word in node.keywords if word.arg == "status"]
                    for identifier in _constants(node.args[0]):
                        yield Message(identifier, self._sentence(node.args[1], node), raised, *status)

    def _raised(self, call: ast.Call) -> str | None:
        name = _last(call.func)
        if name in _METHODS:
            return _METHODS[name]
        if name == "__init__":
            owner = self._enclosing(call, ast.ClassDef)
            return owner.name if isinstance(owner, ast.ClassDef) and owner.name in _RULES else None
        says_it_itself = _RULES.get(name, name != "Fault")
        return _VAPI.get(name) or (None if says_it_itself else name)

    def _sentence(self, node: ast.expr, call: ast.Call) -> str:
        if isinstance(node, ast.Name):
            return self._assigned(node.id, call)
        return _template(node)

    def _assigned(self, name: str, call: ast.Call) -> str:
        """What a name was last given in the function before the call."""
        function = self._enclosing(call, ast.FunctionDef, ast.AsyncFunctionDef)
        given = [
            node.value
            for node in ast.walk(function or self._tree)
            if isinstance(node, ast.Assign) and node.lineno < call.lineno and name in [_last(target) for target in node.targets]
        ]
        return _template(max(given, key=lambda value: value.lineno)) if given else _DOTS

    def _enclosing(self, node: ast.AST, *kinds: type[ast.AST]) -> ast.AST | None:
        while node in self._owner:
            node = self._owner[node]
            if isinstance(node, kinds):
                return node
        return None


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else _DOTS


def _constants(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _constants(node.body) + _constants(node.orelse)
    return []


def _template(node: ast.expr) -> str:
    """A sentence with its pieces in braces, named where they have a name."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        name = _last(node.value)
        return f"{{{name}}}" if name else _DOTS
    return _DOTS


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
