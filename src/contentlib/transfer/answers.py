"""Answers that are a sentence, and what a caller hears of the errors of the rules."""

from __future__ import annotations

from contentlib.http.message import Headers, Response


def text(status: int, sentence: str, headers: Headers | None = None) -> Response:
    """An answer that is a sentence; plain text, because that is what govc and curl show to their user."""
    return Response(status, f"{sentence}\n".encode(), "text/plain; charset=utf-8", list(headers or ()))
