"""Declares the messages that callers read: a stable id, one sentence with named arguments, and what to do about it.

Each room that speaks to callers has a module `messages`, a table of declarations; an error is raised with one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from string import Formatter

import msgspec

_LONGEST = 1000  # characters of an argument; what a stranger sends may be longer


class Fault(msgspec.Struct, frozen=True):
    """A message with its arguments filled in, as it is sent to callers and kept with a file, a session or a task.

    `args` and `params` hold the arguments, by position and by name. `error` is the name of the error that a caller would have
    received, where a task performed an operation.
    """

    id: str
    text: str
    args: tuple[str, ...] = ()
    error: str | None = None
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its id, its sentence with `{name}` for each argument, and what the caller or operator can do about it.

    `{name!r}` shows an argument in quotes. An id may have arguments too. `separator` is between the texts of one argument.
    """

    id: str
    template: str
    remedy: str = ""
    separator: str = ", "

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments: those of the sentence in their order, then those that only the id has."""
        return tuple(dict.fromkeys((*_names(self.template), *_names(self.id))))

    def __call__(self, /, **given: str | int | Fault | Iterable[str]) -> Fault:
        """The message with its arguments; TypeError where one is missing or unknown.

        Of several texts in one argument, each is an argument of its own in `args`.
        """
        in_text = _names(self.template)
        if given.keys() != {*in_text, *_names(self.id)}:
            raise TypeError(f"message {self.id} takes {', '.join(self.arguments) or 'no arguments'}, not {', '.join(given)}")
        pieces = {name: _pieces(value) for name, value in given.items()}
        shown = {name: self.separator.join(each) for name, each in pieces.items()}
        return Fault(
            id=self.id.format_map(shown).replace(" ", "_"),
            text=self.template.format_map(shown),
            args=tuple(piece for name in in_text for piece in pieces[name]),
            params=tuple((name, shown[name]) for name in in_text),
        )


@cache
def _names(template: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name))


def _pieces(value: str | int | Fault | Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, Fault):
        return (value.text,)
    if isinstance(value, str | int):
        return (_cut(str(value)),)
    return tuple(_cut(each) for each in value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
