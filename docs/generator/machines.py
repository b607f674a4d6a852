"""The state machines of the design pages, each as a table and as a diagram."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contentlib.library import leases, tasks
from contentlib.library.model import PrepareStatus, State, TaskStatus, TransferStatus
from contentlib.library.sessions import preparation_states, transfer_states
from generator.markdown import code, table


def transitions() -> str:
    """The states of sessions."""
    return _machine(State, leases.TRANSITIONS, State.ACTIVE)


def transfer_transitions() -> str:
    """The statuses of the files of update sessions."""
    return _machine(TransferStatus, transfer_states.TRANSITIONS)


def prepare_transitions() -> str:
    """The statuses of the files of download sessions."""
    return _machine(PrepareStatus, preparation_states.TRANSITIONS, PrepareStatus.UNPREPARED)


def task_transitions() -> str:
    """The statuses of tasks."""
    return _machine(TaskStatus, tasks.TRANSITIONS, TaskStatus.PENDING)


def _machine(states: Iterable[str], moves: Mapping[tuple[Any, str], str], first: str | None = None) -> str:
    """A row for each event, a column for each state in which one comes or to which one leads; what is empty is refused."""
    used = [
        state for state in states if state == first or any(state in (before, after) for (before, _), after in moves.items())
    ]
    columns = [None, *used] if any(before is None for before, _ in moves) else used
    events = dict.fromkeys(event for _, event in moves)
    rows = [(event, *[code(moves[state, event]) if (state, event) in moves else "" for state in columns]) for event in events]
    heads = ("event", *["(none)" if state is None else code(state) for state in columns])
    return f"{table(heads, rows)}\n\n{_diagram(moves, first)}"


def _diagram(moves: Mapping[tuple[Any, str], str], first: str | None) -> str:
    """One arrow between two states, with all events that take it."""
    arrows: dict[tuple[str, str], list[str]] = {} if first is None else {("[*]", first): []}
    for (before, event), after in moves.items():
        arrows.setdefault(("[*]" if before is None else before, after), []).append(event)
    lines = [f"  {before} --> {after}" + (f": {', '.join(told)}" if told else "") for (before, after), told in arrows.items()]
    return "```mermaid\nstateDiagram-v2\n" + "\n".join(lines) + "\n```"
