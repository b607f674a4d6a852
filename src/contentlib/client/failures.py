"""Defines the errors of the client. Their text is for people, and safe to show at a terminal."""

from __future__ import annotations

from typing import Any

import msgspec

_LONGEST = 1000


class ClientFailed(RuntimeError):
    """The client cannot do what it was asked to do."""


class NotReached(ClientFailed):
    """The server did not answer. `sent` is False if the request certainly did not reach it."""

    def __init__(self, text: str, *, sent: bool = True) -> None:
        super().__init__(text)
        self.sent = sent


class NotTrusted(ClientFailed):
    """The certificate of the server could not be verified."""


class NotFoundHere(ClientFailed):
    """The server has no library, item or version of that name."""


class Answered(ClientFailed):
    """The server answered with an error. `kind` is its type, such as NOT_FOUND, `after` the seconds to wait."""

    def __init__(self, text: str, kind: str, status: int, after: float | None = None) -> None:
        super().__init__(text)
        self.kind = kind
        self.status = status
        self.after = after


def answered(status: int, body: bytes, after: str | None) -> Answered:
    """The error in an answer of the API."""
    match decoded(body):
        case {"error_type": str(kind), "messages": list(said)}:
            texts = [str(each.get("default_message", "")) for each in said if isinstance(each, dict)]
            return Answered(printable("; ".join(texts) or kind), kind, status, _seconds(after))
    text = printable(body[:200].decode(errors="replace"))
    return Answered(f"the server answered {status}: {text}", "", status, _seconds(after))


def decoded(body: bytes) -> Any:
    """The JSON value of an answer; None if it is something else, such as the page of a proxy."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None


def printable(text: str) -> str:
    """A text without what could control a terminal."""
    return "".join(each if each.isprintable() else " " for each in text[:_LONGEST])


def _seconds(after: str | None) -> float | None:
    return float(after) if after is not None and after.isdecimal() and len(after) < 6 else None
