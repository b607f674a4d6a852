"""Maps the errors of the rules to HTTP responses."""

from __future__ import annotations

from contentlib.http.message import Headers
from contentlib.library.errors import Damaged, LibraryError, Missing, MissingFile, NotActive, NotHere, Unavailable
from contentlib.messages import Fault

STATUS: dict[type[LibraryError], int] = {
    Missing: 404,
    MissingFile: 404,
    NotActive: 404,  # the address died with its session
    NotHere: 409,
    Damaged: 500,
    Unavailable: 503,
}
"""The errors that come of asking for bytes; no other is expected here."""


class RequestRefused(Exception):
    """A rejected request. The message is for the caller; nothing was changed."""

    def __init__(self, status: int, said: Fault, headers: Headers | None = None) -> None:
        super().__init__(said.text)
        self.fault = said
        self.status = status
        self.headers = headers
