"""Specifies rows of the server itself: small values, leases of jobs, and times."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from contentlib.library.model import Touches


class StateRows(Protocol):
    """Small values of the server itself, by key."""

    async def get(self, key: str) -> str | None:
        """The value, or None."""

    async def put(self, key: str, value: str) -> None:
        """Sets the value."""

    async def claim(self, job: str, owner: str, now: int, until: int) -> bool:
        """Acquires or renews the lease of a job. Returns False while another owner holds it."""

    async def owners(self) -> set[str]:
        """The processes that hold leases of jobs."""

    async def let_go(self, owners: Collection[str]) -> None:
        """Ends the leases of these processes, because the processes have ended."""

    async def touch(self, touches: Touches) -> None:
        """Notes when sessions and login sessions were last active, never an earlier time, and the progress of files."""

    async def move(self, by: int) -> None:
        """Moves all times by which something ends, is due or is forgotten, by milliseconds that may be negative."""

    async def rest(self, by: int, now: int) -> None:
        """Moves the times at which active update and download sessions were touched, but not beyond now."""
