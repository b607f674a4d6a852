"""Specifies rows of update and download sessions and their files."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from contentlib.library.errors import Fault
from contentlib.library.model import DownloadSession, Preparation, UpdateFile, UpdateSession
from contentlib.library.ports.rows import Row, Rows


class SessionRows(Rows[Row], Protocol[Row]):
    """Update or download sessions."""

    async def ids(self, user: str, item: str | None) -> list[str]:
        """The identifiers of the user's sessions, of one item or of all that are not deleted."""

    async def disown(self, user: str, owner: str) -> None:
        """Gives the sessions of a user to another owner."""

    async def idle(self, before: int, most: int | None = None) -> list[str]:
        """The identifiers of ACTIVE sessions that were last touched before a time."""

    async def ended(self, before: int, most: int | None = None) -> list[str]:
        """The identifiers of sessions that ended before a time."""

    async def active(self) -> int:
        """Returns the number of ACTIVE sessions."""


class UpdateSessionRows(SessionRows[UpdateSession], Protocol):
    """Update sessions."""

    async def active_of(self, item: str) -> UpdateSession | None:
        """The ACTIVE session of an item."""

    async def pulled(self) -> list[UpdateSession]:
        """The ACTIVE sessions that have files that the server fetches: those whose `pulled` is set."""

    async def active_in(self, library: str) -> list[UpdateSession]:
        """The ACTIVE sessions on the items of a library."""

    async def active_on(self, storage: str) -> list[UpdateSession]:
        """The ACTIVE sessions whose files are received on a storage."""


class UpdateFileRows(Protocol):
    """The files of update sessions, one of a name; removed with their session."""

    async def put(self, file: UpdateFile) -> None:
        """Adds the file, or replaces the one of the same session and name."""

    async def change(self, file: UpdateFile) -> None:
        """Replaces the file of the same session and identifier, which is there; it may get a name that no other one has."""

    async def get(self, session: str, name: str) -> UpdateFile | None:
        """The file of that name."""

    async def by_id(self, session: str, file_id: str) -> UpdateFile | None:
        """The file with that identifier; None after it was replaced."""

    async def of(self, session: str) -> list[UpdateFile]:
        """All files of a session, in the order in which they were first added."""

    async def count(self, session: str) -> int:
        """Returns the number of files of a session."""

    async def remove(self, session: str, name: str) -> None:
        """Removes the file of that name."""

    async def uploads(self) -> set[str]:
        """The identifiers of all files of ACTIVE sessions, which are also the names of their uploads."""

    async def writers(self) -> set[str]:
        """The processes that receive files."""

    async def interrupt(self, fault: Fault, writers: Collection[str]) -> None:
        """Sets the TRANSFERRING files that these processes receive to ERROR, because the processes have ended.

        PULL files do not change: the server continues to fetch them.
        """


class DownloadSessionRows(SessionRows[DownloadSession], Protocol):
    """Download sessions."""

    async def serve(self, item: str, version_id: str) -> None:
        """Sets the content version of an item's ACTIVE sessions that have been waiting for it."""


class PreparationRows(Protocol):
    """Preparations of files of download sessions; removed with their session."""

    async def put(self, preparation: Preparation) -> None:
        """Adds the row, or replaces the one of the same session and name."""

    async def of(self, session: str) -> list[Preparation]:
        """All rows of a session."""
