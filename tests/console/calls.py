"""Reads from the source of the console which operations its screens call."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contentlib.vapi.declare import Operation

SOURCE = Path(__file__).parents[2] / "console" / "src"

_DECLARED = re.compile(r"^(?:export )?(?:async )?(?:const|let|function) (\w+)", re.MULTILINE)
_CONSTANT = re.compile(r'^(?:export )?const (\w+) = "([^"]*)";', re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TEXT = re.compile(r'"[^"]*"|`(?:[^`$]|\$\{[^}]*\})*`')
_METHODS = {"get": "GET", "post": "POST", "patch": "PATCH", "put": "PUT", "remove": "DELETE"}
_CALL = re.compile(r'\b(get|post|patch|put|remove|call|all)(?:<[^(]*>)?\(\s*(?:"([A-Z]+)", )?(?:path)?(["`])(.*?)\3(?=(.*))')
_IMPORT = re.compile(r'^import (?:\* as (\w+)|\{([^}]*)\}) from "\.\.?/(?:\.\./)?api/([\w-]+)";', re.MULTILINE)


@dataclass(frozen=True)
class Sent:
    """A call in a module of `api/`: its method, its path with `{}` for values, its action, and the rest of its line."""

    method: str
    path: str
    action: str
    rest: str

    def is_of(self, operation: Operation) -> bool:
        """Whether this is a call of an operation."""
        route = operation.api
        if (self.method, self.path) != (route.method, re.sub(r"\{\w+\}", "{}", route.path)):
            return False
        named = [name for name, value in route.dispatch.items() if value is None]
        return self.action == (route.dispatch.get("action") or "") and all(name in self.rest for name in named)


def reached(operations: list[Operation]) -> dict[str, set[str]]:
    """The modules outside `api/` that reach each operation, by its identifier."""
    found: dict[str, set[str]] = defaultdict(set)
    users = _users()
    for (module, name), calls in _functions().items():
        for call in calls:
            found[_called(call, operations).id] |= users[module, name]
    return {operation: modules for operation, modules in found.items() if modules}


def _called(call: Sent, operations: list[Operation]) -> Operation:
    """The operation that a call is of: where two have an address, the one that asks for more in the query."""
    fitting = [each for each in operations if call.is_of(each)]
    assert fitting, f"the console calls {call}, which no service declares"
    return max(fitting, key=lambda each: len(each.api.dispatch))


def _functions() -> dict[tuple[str, str], set[Sent]]:
    """The calls of each function of `api/`, also of those that it uses in its module."""
    found: dict[tuple[str, str], set[Sent]] = {}
    for file in sorted((SOURCE / "api").glob("*.ts")):
        bodies = dict(_bodies(_without_constants(file.read_text("utf-8"))))
        for name in bodies if file.stem != "client" else ():
            found[file.stem, name] = {call for used in _used(name, bodies) for call in _calls(bodies[used])}
    return found


def _without_constants(text: str) -> str:
    text = _COMMENT.sub("", text)
    for name, value in _CONSTANT.findall(text):
        text = text.replace(f"${{{name}}}", value).replace(f"({name},", f'("{value}",').replace(f"({name})", f'("{value}")')
    return re.sub(r"\$\{path`([^`]*)`\}", r"\1", text)


def _bodies(text: str) -> Iterator[tuple[str, str]]:
    _, *parts = _DECLARED.split(text)
    yield from zip(parts[::2], parts[1::2], strict=True)


def _used(name: str, bodies: dict[str, str]) -> set[str]:
    """A function, and all of its module that it uses."""
    seen, waiting = {name}, [name]
    while waiting:
        body = _TEXT.sub("", bodies[waiting.pop()])
        new = {each for each in bodies if each not in seen and re.search(rf"(?<![.\w]){each}\b(?!:)", body)}
        seen |= new
        waiting += new
    return seen


def _calls(body: str) -> Iterator[Sent]:
    for name, method, _, address, rest in _CALL.findall(body):
        path, _, query = re.sub(r"\$\{[^}]*\}", "{}", address).partition("?")
        action = query.removeprefix("action=") if query.startswith("action=") else ""
        if name == "all":  # reads the names, and each of them
            yield Sent("GET", f"/api/{path}/{{}}", action, rest)
        yield Sent(method or _METHODS.get(name, "GET"), f"/api/{path}", action, rest)


def _users() -> dict[tuple[str, str], set[str]]:
    """The modules that use each function of `api/`."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for file in sorted(SOURCE.rglob("*.ts")):
        if file.parent.name == "api":
            continue
        text = file.read_text("utf-8")
        module = file.relative_to(SOURCE).with_suffix("").as_posix()
        for alias, names, source in _IMPORT.findall(text):
            used = (
                re.findall(rf"\b{alias}\.(\w+)", text)
                if alias
                else [each.split()[0] for each in names.split(",") if each.strip()]
            )
            for name in used:
                found[source, name].add(module)
    return found
