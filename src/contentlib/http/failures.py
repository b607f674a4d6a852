"""What a caller hears where the server fails: a disk that is full, broken or silent, no free descriptors, an error of ours.

Doors raise; whoever takes a request to its door tells the log, and answers in the form of the door.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from contentlib.http import messages
from contentlib.http.message import Answer, Headers, Request, Response, refusal
from contentlib.messages import Fault

RETRY_SECONDS = 10
RETRY: Headers = [("retry-after", str(RETRY_SECONDS))]
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

Form = Callable[[Request, Exception], Answer]
"""Writes that the server failed as the clients of a door read it."""

Report = Callable[[Request, str, BaseException], None]
"""Tells the log of a request whose operation, or what answers at its path, failed, and why."""


class ServerFailed(Exception):
    """A request failed by the server's fault, which is the cause; `said` is for the caller."""

    def __init__(self, status: int, said: Fault, headers: Headers | None = None) -> None:
        super().__init__(said.text)
        self.status = status
        self.fault = said
        self.headers = headers


def cause(error: Exception) -> BaseException:
    """What the log hears of a failure."""
    return error.__cause__ or error if isinstance(error, ServerFailed) else error


def unforeseen(request: Request) -> Fault:
    """What a caller hears of an unexpected failure: where the log has the cause."""
    return messages.SERVER_FAILED(request=request.request_id)


def in_plain_text(request: Request, error: Exception) -> Response:
    """A failure in plain text."""
    if isinstance(error, ServerFailed):
        return refusal(error.status, error.fault, error.headers)
    if isinstance(error, OSError):
        return failure(error)
    return refusal(500, unforeseen(request))


def failure(error: OSError) -> Response:
    """507 where there is no room, else 503; the sentence says what the system said."""
    why = error.strerror or str(error)
    if error.errno in FULL:
        return refusal(507, messages.DISK_FULL(reason=why), RETRY)
    return refusal(503, messages.STORAGE_FAILED(reason=why), RETRY)
