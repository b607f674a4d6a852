"""Reads the vectors of a wire form; `tests/vectors/README.md` says how they are written."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "vectors"
FORMS = ("rest_json", "rest_query", "rest_xml", "api", "jsonrpc")


@dataclass
class Message:
    """A request or a response: its first line, headers and body."""

    first: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Vector:
    """A call as it is written in a form."""

    title: str
    request: list[str] = field(default_factory=list)
    call: str = ""
    outcome: str = ""
    response: list[str] = field(default_factory=list)

    @property
    def operation(self) -> tuple[str, str]:
        """The identifiers of the service and the operation."""
        service, _, operation = self.call.partition(" ")[0].rpartition(".")
        return service, operation

    @property
    def arguments(self) -> dict[str, Any]:
        """What reaches the operation."""
        found = json.loads(self.call.partition(" ")[2])
        assert isinstance(found, dict)
        return found

    @property
    def raises(self) -> tuple[str, list[str]] | None:
        """The error that the operation raises, if any: its name, then its message and the message's arguments."""
        mark, _, rest = self.outcome.partition(" ")
        if mark == "->":
            return None
        name, *words = shlex.split(rest)
        return name, words

    @property
    def result(self) -> Any:
        """What the operation answers."""
        return json.loads(self.outcome.removeprefix("-> "))


def message(lines: list[str]) -> Message:
    """The message that a vector's lines hold."""
    end = lines.index("")
    headers = dict(line.split(": ", 1) for line in lines[1:end])
    return Message(lines[0], headers, "\n".join(lines[end + 1 :]).encode())


def read(form: str) -> Iterator[Vector]:
    """The vectors of a form."""
    vector = Vector("")
    for line in (FOLDER / f"{form}.txt").read_text().split("\n"):
        mark, text = line[:1], line[2:]
        if mark == "#":
            vector = Vector(text)
        elif mark == ">":
            vector.request.append(text)
        elif mark == "=":
            vector.call = text
        elif mark in ("-", "!"):
            vector.outcome = line
        elif mark == "<":
            vector.response.append(text)
        elif vector.title:
            yield vector
            vector = Vector("")
