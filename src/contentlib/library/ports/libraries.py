"""Specifies rows of libraries and their usages."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import Library, LibraryType, Retention, Usage
from contentlib.library.ports.rows import Rows


class LibraryRows(Rows[Library], Protocol):
    """Libraries."""

    async def find(
        self, *, type: LibraryType | None = None, folded_name: str | None = None, storage: str | None = None
    ) -> list[str]:
        """The identifiers of the libraries that match all that is given."""

    async def revisions(self) -> dict[str, int]:
        """The revisions of all libraries, by their identifiers; answered in one go, however many there are."""

    async def retentions(self) -> dict[str, Retention]:
        """The retentions of the libraries that have one of their own, by library, those of deleted libraries too."""

    async def changed(self, library_id: str) -> None:
        """Raises the revision of a library; that something which subscribers see has changed."""


class UsageRows(Rows[Usage], Protocol):
    """Usages of libraries, one of a name; removed with their library."""

    async def of(self, library: str) -> list[Usage]:
        """The usages of a library."""
