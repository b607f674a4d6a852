"""Specifies rows of the audit log, which form a chain: each has a hash of its content and the hash of the one before it."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import AuditFilter, AuditLink, AuditNote, AuditRecord


class AuditRows(Protocol):
    """Entries of the audit log, by sequence number, which has no holes.

    A transaction that changes rows adds one entry to it before it is committed, which names the actor, the rows that were added
    or removed, and the things that the actor's operation is about. Rows of the server's own bookkeeping do not count.
    """

    def note(self, note: AuditNote) -> None:
        """Completes the entry of this transaction. It is added even if the transaction changes nothing."""

    def skip(self) -> None:
        """Adds no entry to this transaction, because it only extends something that is in use."""

    async def find(self, wanted: AuditFilter, before: int | None, most: int) -> list[AuditRecord]:
        """The newest entries that a filter selects, newest first, those with lower numbers than `before`."""

    async def after(self, sequence: int, most: int) -> list[AuditRecord]:
        """The entries after a sequence number, in order."""

    async def head(self) -> AuditLink:
        """The place of the newest entry, also after that was removed; zeros where there was none yet."""

    async def anchor(self) -> AuditLink:
        """The place of the last entry that was removed because of its age; zeros where none was."""

    async def forget(self, before: int, most: int) -> int:
        """Removes entries from the oldest on, up to the first that is not from before a time; how many they were."""
