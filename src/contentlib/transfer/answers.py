"""Answers that are a sentence, and what a caller hears of the errors of the rules."""

from __future__ import annotations

from collections.abc import Sequence

from contentlib.http.message import Headers, Response
from contentlib.library.errors import Damaged, LibraryError, Missing, MissingFile, NotActive

STATUS: dict[type[LibraryError], int] = {
    Missing: 404,
    MissingFile: 404,
    NotActive: 404,  # the address died with its session
    Damaged: 500,
}
"""The errors that come of asking for bytes; no other is expected here."""


class Refused(Exception):
    """A request is not taken; the sentence is for the caller, nothing was changed."""

    def __init__(self, status: int, sentence: str, headers: Headers | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


def text(status: int, sentence: str, headers: Headers | None = None) -> Response:
    """An answer that is a sentence; plain text, because that is what govc and curl show to their user."""
    return Response(status, f"{sentence}\n".encode(), "text/plain; charset=utf-8", list(headers or ()))


def not_allowed(method: str, allowed: Sequence[str]) -> Response:
    """The answer to a method that an address does not know."""
    methods = ", ".join(sorted(allowed))
    return text(405, f"{method} is not possible here, {methods} are", [("allow", methods)])
