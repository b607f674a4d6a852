"""Gives workloads their rights: callers that a rule of the settings recognizes by the claims of their token.

No user can have the name of a workload. Its rights are exactly the role of its rule.
"""

from __future__ import annotations

from dataclasses import dataclass

_PREFIX = "workload:"
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Workload:
    """The name of a rule, and the role that it gives on a library, or on everything where `library` is None."""

    name: str
    role: str
    library: str | None = None

    @property
    def principal(self) -> str:
        """The name that the workload has in place of a user's: owner of sessions and tasks."""
        return f"{_PREFIX}{self.name}"


def is_workload(user: str) -> bool:
    """Whether a caller is a workload, not a user."""
    return user.startswith(_PREFIX)
