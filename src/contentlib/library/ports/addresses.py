"""Specifies the URLs for file content."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import UpdateFile


class Addresses(Protocol):
    """Creates the URLs for file content: paths on this server, percent-encoded.

    Those of uploads and downloads cannot be guessed and need no login; those of content need a login session.
    """

    def upload(self, file: UpdateFile) -> str:
        """Returns the URL for uploading a file of an update session."""

    def download(self, session_id: str, position: int, name: str) -> str:
        """Returns the URL for downloading the file at a position of a download session's content version."""

    def content(self, library_id: str, item_id: str, name: str, revision: int) -> str:
        """Returns the URL for reading a file of an item without a download session. It is valid for that revision only."""

    def on_datastore(self, storage: str, library_id: str, item_id: str, name: str) -> str:
        """The URL of a file of an item on a datastore, by which no bytes can be read."""
