"""Manages maintenance of libraries, during which their content can be read but not changed."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from contentlib.library.catalog import messages
from contentlib.library.catalog.libraries import find_library
from contentlib.library.errors import WrongState
from contentlib.library.leases import Leases
from contentlib.library.model import Library, Maintenance, TaskTarget, UpdateSession
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.protection import check_changeable

RESOURCE = "com.vmware.content.Library"
CLEARING = "clear-storage"
"""The kind of tasks that move a library off a storage."""
_NAMED = 10  # sessions that a message names


class Upkeep:
    """Starts and ends maintenance of libraries. `leases` knows when sessions expire."""

    def __init__(self, metadata: MetadataStore, leases: Leases) -> None:
        self._metadata = metadata
        self._leases = leases

    async def enter(self, library_id: str, user: str) -> None:
        """Stops changes of a library's content. Raises WrongState while its content is being changed."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, library_id)
            await self.begin(transaction, library, Maintenance(f"changes were stopped by {user}"))

    async def exit(self, library_id: str) -> None:
        """Allows changes again; WrongState when they are allowed, or a task is at work that will allow them."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, library_id)
            maintenance = library.maintenance
            if maintenance is None:
                raise WrongState(messages.NOT_IN_MAINTENANCE(library=library_id))
            task = None if maintenance.task is None else await transaction.tasks.get(maintenance.task)
            if task is not None and task.ended is None:
                reason = maintenance.reason
                raise WrongState(messages.MAINTENANCE_BY_TASK(library=library_id, task=task.id, reason=reason))
            await transaction.libraries.put(replace(library, maintenance=None))

    async def begin(self, transaction: Transaction, library: Library, maintenance: Maintenance) -> None:
        """Sets a library to maintenance. Raises WrongState, naming the sessions or tasks that prevent it."""
        check_changeable(library)
        active = await transaction.update_sessions.active_in(library.id)
        if active:
            sessions = _listed([self._told(each) for each in active])
            raise WrongState(messages.LIBRARY_HAS_SESSIONS(library=library.id, sessions=sessions))
        for task in await transaction.tasks.of_target(TaskTarget(RESOURCE, library.id)):
            if task.kind == "sync" and task.ended is None:
                raise WrongState(messages.LIBRARY_SYNCHRONIZING(library=library.id, task=task.id))
            if task.kind == CLEARING and task.ended is None:
                raise WrongState(messages.LIBRARY_MOVING(library=library.id, task=task.id))
        await transaction.libraries.put(replace(library, maintenance=maintenance))

    def _told(self, session: UpdateSession) -> str:
        end = datetime.fromtimestamp(self._leases.expiration(session) / 1000, UTC)
        return f"{session.id} of {session.user} on library item {session.item}, until {end:%Y-%m-%dT%H:%M:%SZ} if unused"


def _listed(told: list[str]) -> list[str]:
    more = len(told) - _NAMED
    return [*told[:_NAMED], f"and {more} more"] if more > 0 else told
