"""What a row of the table says, and how two servers are compared in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

Show = Callable[[float], str]
Measure = Callable[[], float]

_TIMES = 3


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached: at least, or at most where less is better; `first` is a nearer goal on the way to it."""

    value: float
    unit: str = ""
    at_most: bool = False
    first: float | None = None

    def says(self) -> str:
        """The goal as the table shows it."""
        bound = f"{'≤' if self.at_most else '≥'} {self.value:g}{self.unit}"
        return bound if self.first is None else f"{bound} (first {self.first:g})"

    def met(self, reached: float) -> str:
        """Whether it is reached."""
        if reached <= self.value if self.at_most else reached >= self.value:
            return "yes"
        return "first goal only" if self.first is not None and reached >= self.first else "**no**"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: our figure, the one it is held against, and what came of it."""

    what: str
    ours: str
    against: str
    other: str
    reached: float
    goal: Goal
    limit: str = ""
    """What the machine can do at best of what costs most here (`limits`)."""

    def cells(self) -> tuple[str, ...]:
        """The line as text."""
        goal, reached = self.goal, f"{self.reached:.3g}{self.goal.unit}"
        return (self.what, self.ours, self.against, self.other, reached, goal.says(), goal.met(self.reached), self.limit)


def compare(what: str, against: str, goal: Goal, show: Show, ours: Measure, other: Measure, *, limit: str = "") -> Row:
    """Measures both in turn, so that a change of the machine meets both, and takes the pair with the middle ratio."""
    pairs = []
    for _ in range(_TIMES):
        pairs.append((ours(), other()))
        say(f"  {what}: {show(pairs[-1][0])}, {against}: {show(pairs[-1][1])}")
    mine, theirs = sorted(pairs, key=lambda pair: pair[0] / pair[1])[_TIMES // 2]
    return Row(what, show(mine), against, show(theirs), mine / theirs, goal, limit)


def say(line: str) -> None:
    """Tells what goes on, beside the table."""
    print(line, file=sys.stderr, flush=True)


def per_second(figure: float) -> str:
    """Requests a second as text."""
    return f"{figure:,.0f}/s"


def megabytes(figure: float) -> str:
    """Bytes a second as text."""
    return f"{figure / 1e6:,.0f} MB/s"


def microseconds(figure: float) -> str:
    """Microseconds as text."""
    return f"{figure:.0f} µs"


def milliseconds(figure: float) -> str:
    """Milliseconds as text."""
    return f"{figure:,.2f} ms"
