"""Declares messages about update and download sessions and their files."""

from contentlib.library.messages import INVALID
from contentlib.messages import Message

_SEND_REST = "Send the rest with Content-Range from the size that HEAD answers, or all of it again."
_SEND_AGAIN = "Send the file again."
_STORAGE = "Check the disk, the mount and the permissions of the storage, then send the file again."

REQUIRED_FOR_PULL = Message(
    INVALID, "{field} is required for source_type PULL", "Send the URL that the server is to download from."
)
NOT_A_THUMBPRINT = Message(
    INVALID, "{field} must be a SHA-1 or SHA-256 thumbprint in hexadecimal digits", "Send 40 or 64 hexadecimal digits."
)
FILE_OVER_LIMIT = Message(
    INVALID, "{field} is {size} bytes; at most {most} are allowed (upload_limit_bytes)", "Raise the setting upload_limit_bytes."
)
STILL_ACTIVE = Message(
    "session.active", "update session {session} is ACTIVE; cancel or complete it first", "Cancel or complete it."
)
CHANGED_MEANWHILE = Message(
    "session.changed", "update session {session} was changed while it was being completed", "Complete the session again."
)
NOT_READY = Message(
    "session.not_ready",
    "files are not ready: {files}",
    "Upload the files, remove them, or wait until they are fetched.",
    separator="; ",
)
NO_CONTENT = Message("session.empty", "library item {item} has no content and no file was added", "Add a file to the session.")
TOO_MANY_FILES = Message(
    "session.too_many_files",
    "update session {session} already has {most} files, the limit (session_files_limit)",
    "Use several items, or raise the setting session_files_limit.",
)
INVALID_PACKAGE = Message(
    "session.invalid_package",
    "library item {item} is not a valid package: {problems}",
    "Correct the files; validate of the update session lists the same problems before it is completed.",
    separator="; ",
)
WARNINGS = Message(
    "session.warnings",
    "update session {session} has warnings: {warnings}; trust the certificate or set warning_behavior to ignore them",
    "Add the certificate to the trusted certificates, or set warning_behavior when creating the session.",
    separator="; ",
)
EXPIRED = Message("session.expired", "session expired after {seconds} seconds without activity", "Create a new session.")
FAILED_BY_CLIENT = Message("session.failed_by_client", "{text}", "The client of the session reported this.")
PULL_FAILED = Message(
    "session.pull_failed", "file {name!r} is in error: {reason}", "Correct the cause and create a new session."
)
PULL_NOT_FETCHED = Message("session.pull_failed", "file {name!r} is in error", "Create a new session.")
PULL_CANCELED = Message("pull.canceled", "download of file {name!r} was canceled with its task", "Add the file again.")
PULL = Message("task.pull", "download file {name!r} for update session {session}")
STORAGE_NOT_WRITABLE = Message("storage.not_writable", "update session {session} cannot store files: {reason}", _STORAGE)
COMPLETED_MEANWHILE = Message(
    "file.completed", "file {name!r} was completed by another request", "Nothing to do, or add the file again to replace it."
)
CONTINUED_MEANWHILE = Message(
    "file.continued",
    "file {name!r} was continued by another request, and has {size} bytes now",
    "Ask with HEAD how many bytes are there, and continue from there.",
)
TAKEN_OVER = Message(
    "file.taken_over", "file {name!r} is being received by another process of the server", "Continue with the newer request."
)
NOT_CACHED = Message(
    "item.not_cached", "content of library item {item} is not stored here", "Synchronize the item with its content."
)

CONNECTION_BROKEN = Message("upload.connection_broken", "connection lost after {received} bytes", _SEND_REST)
CONNECTION_BROKEN_OF = Message("upload.connection_broken", "connection lost after {received} of {total} bytes", _SEND_REST)
SILENT = Message("upload.silent", "no data received for {seconds} seconds after {received} bytes", _SEND_REST)
SERVER_STOPPED = Message(
    "file.server_stopped", "the server stopped while receiving the file; send the rest or the whole file again", _SEND_REST
)
SIZE_MISMATCH = Message(
    "file.size_mismatch",
    "file {name!r} is {size} bytes, expected {expected}",
    "Send the whole file, or correct its declared size.",
)
LARGER_THAN_DECLARED = Message(
    "file.size_mismatch", "file {name!r} is larger than the expected {expected} bytes", "Correct the declared size of the file."
)
TOO_LARGE = Message(
    "upload.too_large",
    "file {name!r} exceeds the limit of {limit} bytes (upload_limit_bytes)",
    "Send a smaller file, or raise the setting upload_limit_bytes.",
)
PART_MISMATCH = Message(
    "upload.part_mismatch", "file {name!r}: Content-Range covers {expected} bytes, body has {received}", "Correct the header."
)
PART_TOO_LONG = Message(
    "upload.part_mismatch", "file {name!r}: Content-Range covers {expected} bytes, body has more", "Correct the header."
)
ENCODING = Message(
    "upload.encoding",
    "file {name!r} was sent with Content-Encoding {encoding}, but {problem}; send it again, or without encoding",
    _SEND_AGAIN,
)
NOT_STORED_SILENT = Message("storage.silent", "file {name!r} could not be stored after {received} bytes: {reason}", _STORAGE)
STORAGE_FULL = Message(
    "upload.storage_full",
    "file {name!r} could not be stored after {received} bytes: storage {storage} is full ({reason})",
    "Free disk space on the storage, then send the file again.",
)
STORAGE_FULL_BUT = Message(
    "upload.storage_full",
    "file {name!r} could not be stored after {received} bytes: storage {storage} is full ({reason}); {detail}",
    "Free disk space on the storage, or lower its reserve, then send the file again.",
)
STORAGE_FAILED = Message(
    "upload.storage_failed",
    "file {name!r} could not be stored after {received} bytes: storage {storage} is not writable ({reason})",
    _STORAGE,
)
UPLOAD_FAILED = Message(
    "upload.failed",
    "internal server error while receiving file {name!r}; see the server log for request {request}",
    "Report the error with the entry in the server's log, then send the file again.",
)
