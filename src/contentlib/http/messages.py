"""Declares messages about bodies, methods and failures of the machine."""

from contentlib.messages import Message

_REFUSED = "wire.body_refused"

BODY_TOO_LARGE = Message(
    _REFUSED, "request body is larger than {limit} bytes", "Log in first; send content to an upload address."
)
BODY_TOO_SLOW = Message(
    _REFUSED, "request body not received in time; expected at least {rate} bytes per second", "Try again over a faster network."
)
TOO_MANY_BODIES = Message(
    _REFUSED, "too many large request bodies are being received; try again later", "Wait for the seconds in Retry-After."
)
METHOD_NOT_ALLOWED = Message(
    "http.method", "method {method} not allowed; allowed: {allowed}", "Use one of the allowed methods."
)
DISK_FULL = Message(
    "http.disk_full", "the server is out of disk space: {reason}; free some space and try again", "Free disk space."
)
STORAGE_FAILED = Message(
    "storage.failed",
    "the server cannot access its storage: {reason}; try again later",
    "Check the disks, mounts and permissions of the data directory and the storages.",
)
READ_ONLY = Message(
    "storage.read_only",
    "the server cannot make changes now: {reason}; try again later",
    "Reading continues. Wait until the move has ended, or make the database or storage writable again.",
)
SERVER_FAILED = Message(
    "http.failed",
    "internal server error; see the server log for request {request}",
    "Report the error with the entry in the log.",
)
NOT_RUNNING = Message(
    "http.not_running", "the server is starting or stopping; try again", "Wait for the seconds in Retry-After."
)
NO_SUCH_PAGE = Message(
    "http.page", "no such page: {path!r}; the API is at /rest and /api, operator pages are listed at /", "Correct the address."
)
NO_SUCH_PAGE_BUT = Message("http.page", "no such page: {path!r}; did you mean {similar}?", "Use the suggested address.")
FILE_CHANGED = Message(
    "http.precondition", "precondition failed: file {name!r} has changed (ETag does not match)", "Start the download again."
)
RANGE_OUTSIDE = Message("http.range", "requested range is outside the file ({size} bytes)", "Correct the header Range.")
ONE_HOST = Message("http.host", "exactly one Host header is required", "Send one header Host.")
BODY_INCOMPLETE = Message("http.body", "request ended before its body was complete", "Send the whole body.")
