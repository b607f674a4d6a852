"""Limits the sizes and the number of files in an update session."""

from __future__ import annotations

import msgspec

from contentlib.library.errors import NotReady
from contentlib.library.packages.tar import MOST_FILES
from contentlib.library.ports import Transaction
from contentlib.library.sessions import messages


class UploadRules(msgspec.Struct, frozen=True):
    """The largest file in bytes, 0 for any, and the most files of a session."""

    limit: int = 0
    most_files: int = MOST_FILES

    async def check_count(self, transaction: Transaction, session_id: str) -> None:
        """NotReady when a session has as many files as it may."""
        if await transaction.update_files.count(session_id) >= self.most_files:
            raise NotReady(messages.TOO_MANY_FILES(session=session_id, most=self.most_files))
