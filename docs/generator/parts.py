"""Parts of hand-written pages that are generated: what stands between `<!-- generated: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re

from generator import access, clients, machines, program, rooms, tables

PARTS = {
    "settings": program.settings,
    "commands": program.commands,
    "metrics": program.metrics,
    "pages": program.operator_pages,
    "transitions": machines.transitions,
    "transfer_transitions": machines.transfer_transitions,
    "prepare_transitions": machines.prepare_transitions,
    "task_transitions": machines.task_transitions,
    "tables": tables.tables,
    "layers": rooms.layers,
    "rooms": rooms.rooms,
    "inner_rooms": rooms.inner_rooms,
    "picture": rooms.picture,
    "roles": access.built_in,
    "role_privileges": access.roles,
    "privilege_operations": access.needs,
    "govc_commands": clients.govc_commands,
}
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """The page with its generated parts as they should be."""
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]().strip()}\n\n{found[3]}", text)


def names(text: str) -> list[str]:
    """The names of the parts that a page has."""
    return [name for _, name, _ in _PART.findall(text)]
