"""The addresses at which bytes come and go."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import UpdateFile


class Addresses(Protocol):
    """Makes the addresses at which bytes come and go: paths on this server, percent-encoded.

    Those of uploads and downloads are unguessable and are themselves the credential; those of content want a login session.
    """

    def upload(self, file: UpdateFile) -> str:
        """Where the bytes of a pushed file of an update session are sent to."""

    def download(self, session_id: str, position: int, name: str) -> str:
        """Where the file at a place of a download session's content version is read from."""

    def content(self, library_id: str, item_id: str, name: str, revision: int) -> str:
        """Where a file of an item is read from without a download session, as long as it has that revision."""
