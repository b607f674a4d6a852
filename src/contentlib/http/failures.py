"""Answers requests when the server fails: full, broken or silent disks, too many open files, unexpected errors.

Doors raise errors. The code that passes a request to its door logs the error and answers in the form of the door.
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
"""Tells the log of a request whose operation, or what answers at its path, failed, and why.

Raises the error instead if the request is to be processed once more because of it.
"""


class ServerFailed(Exception):
    """A request failed by the server's fault, which is the cause; `said` is for the caller."""

    def __init__(self, status: int, said: Fault, headers: Headers | None = None) -> None:
        super().__init__(said.text)
        self.status = status
        self.fault = said
        self.headers = headers


def cause(error: Exception) -> BaseException:
    """Returns the description of a failure for the log."""
    return error.__cause__ or error if isinstance(error, ServerFailed) else error


def unforeseen(request: Request) -> Fault:
    """Returns the response for an unexpected failure, which refers to the log."""
    return messages.SERVER_FAILED(request=request.request_id)


def in_plain_text(request: Request, error: Exception) -> Response:
    """A failure in plain text."""
    if isinstance(error, ServerFailed):
        return refusal(error.status, error.fault, error.headers)
    if isinstance(error, OSError):
        return failure(error)
    return refusal(500, unforeseen(request))


def failure(error: OSError) -> Response:
    """Returns 507 if there is no space, otherwise 503, with the system's message."""
    if error.errno in FULL:
        return refusal(507, messages.DISK_FULL(reason=error.strerror or str(error)), RETRY)
    return refusal(503, storage_fault(error), RETRY)


def storage_fault(error: OSError) -> Fault:
    """Returns what callers receive if the server cannot use its storage, or cannot change it."""
    sentence = messages.READ_ONLY if error.errno == errno.EROFS else messages.STORAGE_FAILED
    return sentence(reason=error.strerror or str(error))
