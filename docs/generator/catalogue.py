"""The messages that the rooms declare, and what each is raised as, found where the program names them."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import contentlib
from contentlib.library import errors as rules
from contentlib.messages import Message
from contentlib.vapi import errors as vapi

SOURCES = Path(contentlib.__file__).parent
_ERRORS = {
    name
    for module in (rules, vapi)
    for name, each in vars(module).items()
    if inspect.isclass(each) and issubclass(each, Exception)
}
_METHODS = {"refused": "Unauthenticated", "busy": "ServiceUnavailable"}


@dataclass(frozen=True)
class Use:
    """A place of the program that names a message: the names of its arguments there, and the error that it is raised as."""

    module: str
    line: int
    message: Message
    given: tuple[str, ...] | None = None
    raised: str = ""


@cache
def declarations() -> Mapping[str, Mapping[str, Message]]:
    """The messages that each module `messages` declares, by the name of the module and by their own."""
    found = {}
    for each in pkgutil.walk_packages(contentlib.__path__, "contentlib."):
        if each.name.endswith(".messages") and each.name != "contentlib.messages":
            module = importlib.import_module(each.name)
            found[each.name] = {name: value for name, value in vars(module).items() if isinstance(value, Message)}
    return found


def messages() -> list[Message]:
    """All messages, by id and sentence."""
    return sorted(
        (each for module in declarations().values() for each in module.values()), key=lambda each: (each.id, each.template)
    )


@cache
def uses() -> tuple[Use, ...]:
    """Where the program names messages."""
    return tuple(
        use
        for path in sorted(SOURCES.rglob("*.py"))
        if path.name != "messages.py" or path.parent == SOURCES
        for use in _uses(path)
    )


@cache
def raised() -> Mapping[Message, tuple[str, ...]]:
    """The classes of errors that each message is raised as; none where it is kept as a fault, or is part of another message."""
    found: dict[Message, set[str]] = {}
    for use in uses():
        found.setdefault(use.message, set()).update({use.raised} - {""})
    return {message: tuple(sorted(names)) for message, names in found.items()}


def _uses(path: Path) -> Iterator[Use]:
    tree = ast.parse(path.read_text("utf-8"))
    known = dict(_imported(tree))
    owner = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        message = known.get(ast.unparse(node))
        if message is None:
            continue
        call = owner[node]
        called = call if isinstance(call, ast.Call) and call.func is node else None
        given = None if called is None else tuple(word.arg or "**" for word in called.keywords)
        yield Use(str(path.relative_to(SOURCES)), node.lineno, message, given, _raised(called or node, owner))


def _imported(tree: ast.Module) -> Iterator[tuple[str, Message]]:
    """The messages that a module can name, as it writes them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for each in node.names:
                name = each.asname or each.name
                declared = declarations().get(f"{node.module}.{each.name}")
                if declared is not None:
                    yield from ((f"{name}.{constant}", message) for constant, message in declared.items())
                elif each.name in (found := declarations().get(node.module or "", {})):
                    yield name, found[each.name]


def _raised(node: ast.AST, owner: Mapping[ast.AST, ast.AST]) -> str:
    """The error whose argument a message is, or is chosen for; a class of the rules that makes its own message names itself."""
    while isinstance(owner.get(node), ast.IfExp):
        node = owner[node]
    call = owner.get(node)
    if isinstance(call, ast.Assign):
        call = _taking(call.targets[0], owner)
    if not isinstance(call, ast.Call):
        return ""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
    if name == "__init__":
        return next((each.name for each in _around(call, owner) if isinstance(each, ast.ClassDef) and each.name in _ERRORS), "")
    return name if name in _ERRORS else _METHODS.get(name, "")


def _taking(name: ast.expr, owner: Mapping[ast.AST, ast.AST]) -> ast.AST | None:
    """The call that takes a variable, in the function that assigns it."""
    function = next((each for each in _around(name, owner) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)), None)
    if function is None or not isinstance(name, ast.Name):
        return None
    taken = (node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name.id and node is not name)
    return next((owner[node] for node in taken if isinstance(owner[node], ast.Call)), None)


def _around(node: ast.AST, owner: Mapping[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while node in owner:
        node = owner[node]
        yield node
