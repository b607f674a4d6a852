"""The rooms of the program, and who may import whom, from .importlinter and from the first sentence of each room."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import contentlib
from generator.markdown import code, one_line, table

_PROGRAM = Path(contentlib.__file__).parent
_INNER = ("library", "vcsp", "settings")
_EVERYWHERE = ("library", "settings", "http", "vapi", "safe_xml")
_CONTRACTS = Path(__file__).parents[2] / ".importlinter"


def rooms() -> str:
    """A row for each room."""
    names = [name for layer in _layers() for name in layer]
    rows = [(code(name + ("/" if (_PROGRAM / name).is_dir() else ".py")), _sentence(name)) for name in names]
    return table(("room", "what it is"), rows)


def layers() -> str:
    """The layers, the upper ones first."""
    lines = [" | ".join(layer) for layer in _layers()]
    return "```text\n" + "\n".join(lines) + "\n```"


def inner_rooms() -> str:
    """A row for each room inside another one, and for each module beside them, the upper ones first."""
    rows = []
    for outer in _INNER:
        for name in (name for layer in _layers(outer) for name in layer):
            where = f"{outer}/{name}"
            rows.append((code(where + ("/" if (_PROGRAM / where).is_dir() else ".py")), _sentence(where)))
    return table(("room", "what it is"), rows)


def picture() -> str:
    """Who imports whom, drawn from the imports; what nearly everybody imports is left out."""
    arrows = sorted({(one, other) for one, other in _imports() if one != other and other not in _EVERYWHERE})
    lines = [f"  {one} --> {other}" for one, other in arrows]
    return "```mermaid\ngraph TD\n" + "\n".join(lines) + "\n```"


def _imports() -> Iterator[tuple[str, str]]:
    for path in _PROGRAM.rglob("*.py"):
        room = path.relative_to(_PROGRAM).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("contentlib."):
                yield room, str(node.module).split(".")[1]


def _layers(room: str = "rooms") -> list[list[str]]:
    contracts = configparser.ConfigParser()
    contracts.read_string(_CONTRACTS.read_text("utf-8"))
    return [layer.split(" | ") for layer in contracts[f"importlinter:contract:{room}"]["layers"].split("\n") if layer]


def _sentence(name: str) -> str:
    path = _PROGRAM / name / "__init__.py" if (_PROGRAM / name).is_dir() else _PROGRAM / f"{name}.py"
    return one_line(ast.get_docstring(ast.parse(path.read_text("utf-8")))).split("\n")[0]
