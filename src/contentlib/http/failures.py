"""The answer where the machine fails: a disk that is full, broken or silent, or a process without free descriptors."""

from __future__ import annotations

import errno

from contentlib.http import messages
from contentlib.http.message import Headers, Response, refusal

RETRY_SECONDS = 10
RETRY: Headers = [("retry-after", str(RETRY_SECONDS))]
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def failure(error: OSError) -> Response:
    """507 where there is no room, else 503; the sentence says what the system said."""
    why = error.strerror or str(error)
    if error.errno in FULL:
        return refusal(507, messages.DISK_FULL(reason=why), RETRY)
    return refusal(503, messages.STORAGE_FAILED(reason=why), RETRY)
