"""The rooms of the program, and who may import whom, from .importlinter and from the first sentence of each room."""

from __future__ import annotations

import ast
import configparser
from pathlib import Path

import contentlib
from generator.markdown import code, one_line, table

_PROGRAM = Path(contentlib.__file__).parent
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


def _layers() -> list[list[str]]:
    contracts = configparser.ConfigParser()
    contracts.read_string(_CONTRACTS.read_text("utf-8"))
    return [layer.split(" | ") for layer in contracts["importlinter:contract:rooms"]["layers"].split("\n") if layer]


def _sentence(name: str) -> str:
    path = _PROGRAM / name / "__init__.py" if (_PROGRAM / name).is_dir() else _PROGRAM / f"{name}.py"
    return one_line(ast.get_docstring(ast.parse(path.read_text("utf-8")))).split("\n")[0]
