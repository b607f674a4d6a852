"""Keeps library names unique, because clients that find libraries by name reject duplicates."""

from __future__ import annotations

from contentlib.library.catalog import messages
from contentlib.library.errors import NameTaken
from contentlib.library.model import Library
from contentlib.library.ports import Transaction


class LibraryNames:
    """Checks names, without regard to case; libraries that share a name already stay as they are."""

    def __init__(self, *, unique: bool = True) -> None:
        self._unique = unique

    async def check(self, transaction: Transaction, library: Library, field: str) -> None:
        """NameTaken when another library has the name of one that is created, renamed or restored."""
        if not self._unique:
            return
        for other_id in await transaction.libraries.find(folded_name=library.folded_name):
            if other_id != library.id:
                raise NameTaken(messages.LIBRARY_NAME_TAKEN(field=field, name=library.name, library=other_id))
