"""Limits the sizes and the number of files in an update session."""

from __future__ import annotations

import msgspec

from contentlib.library.errors import NotReady
from contentlib.library.packages.tar import MOST_FILES
from contentlib.library.ports import Transaction


class UploadRules(msgspec.Struct, frozen=True):
    """The largest file in bytes, 0 for any, and the most files of a session."""

    limit: int = 0
    most_files: int = MOST_FILES

    async def check_count(self, transaction: Transaction, session_id: str) -> None:
        """NotReady when a session has as many files as it may."""
        if await transaction.update_files.count(session_id) >= self.most_files:
            most = str(self.most_files)
            text = f"update session {session_id} has {most} files, the most that a session may have (session_files_limit)"
            raise NotReady("session.too_many_files", text, session_id, most)
