"""Who may do what: the roles that are built in, and the privileges that each operation needs."""

from __future__ import annotations

from contentlib.access.roles import BUILT_IN, EVERYBODY, PRIVILEGES
from generator.declared import operations, services
from generator.markdown import code, table


def roles() -> str:
    """A row for each privilege, a column for each role that has any."""
    shown = [role for role in BUILT_IN.values() if role.privileges]
    rows = [
        (code(privilege), *("yes" if privilege in role.privileges else "" for role in shown))
        for privilege in sorted(PRIVILEGES)
    ]
    return table(("privilege", *(role.name for role in shown)), rows)


def built_in() -> str:
    """A row for each role."""
    return table(("role", "what it is for"), [(role.name, role.description) for role in BUILT_IN.values()])


def needs() -> str:
    """A row for each privilege, with the operations that need it."""
    found: dict[str, list[str]] = {}
    for operation in (each for service in services() for each in operations(service)):
        about = operation.about
        asked = [*(each.name for each in (*operation.privileges, *operation.also))]
        asked += [each for each in (about.privilege, about.others) if each] if about is not None else []
        for privilege in set(asked) - EVERYBODY:
            found.setdefault(privilege, []).append(operation.id.removeprefix("com.vmware."))
    rows = [(code(name), ", ".join(code(each) for each in sorted(found[name]))) for name in sorted(found)]
    return table(("privilege", "operations"), rows)
