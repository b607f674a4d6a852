"""What became of the commands of real clients, as `make clients` has recorded it."""

from __future__ import annotations

import json
from pathlib import Path

from generator.markdown import code, table

_TESTS = Path(__file__).parents[2] / "tests" / "clients"


def govc_commands() -> str:
    """The commands of govc, and the messages that some fail with."""
    outcomes: dict[str, str] = json.loads((_TESTS / "govc_commands.json").read_bytes())
    rows = [(_command(name), f"fails: {code(said)}" if said else "works") for name, said in sorted(outcomes.items())]
    return table(("command", "result"), rows)


def _command(name: str) -> str:
    command, _, more = name.partition(" (")
    return f"{code(command)} ({more}" if more else code(command)
