"""Specifies the URLs for file content."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import UpdateFile


class Addresses(Protocol):
    """Makes the addresses at which bytes come and go: paths on this server, percent-encoded.

    Those of uploads and downloads are unguessable and are themselves the credential; those of content want a login session.
    """

    def upload(self, file: UpdateFile) -> str:
        """Returns the URL for uploading a file of an update session."""

    def download(self, session_id: str, position: int, name: str) -> str:
        """Returns the URL for downloading the file at a position of a download session's content version."""

    def content(self, library_id: str, item_id: str, name: str, revision: int) -> str:
        """Returns the URL for reading a file of an item without a download session. It is valid for that revision only."""
