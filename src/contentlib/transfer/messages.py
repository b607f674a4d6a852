"""Declares messages of the upload and download URLs."""

from contentlib.messages import Message

_RANGE = "Send Content-Range as bytes FIRST-LAST/SIZE, with positions from 0."

NO_SUCH_FILE = Message("transfer.file", "no such file: {path!r}", "Ask for the address again.")
BAD_SIGNATURE = Message(
    "transfer.signature", "invalid signature: this server did not issue this URL", "Ask the session for the URL again."
)
NO_SUCH_ITEM = Message("transfer.item", "library {library!r} has no item {item!r}", "Ask for the address again.")
OTHER_VERSION = Message(
    "transfer.version",
    "file {name!r} of item {item} is at version {current}, not {given}",
    "Ask for the address of the file again.",
)
OTHER_STORAGE = Message(
    "transfer.storage", "file {name!r} of item {item} is not on datastore {given}", "Ask for the storage of the item again."
)
NOT_A_FILE = Message(
    "transfer.file", "no such file: {path!r}; files of datastores are {form}", "List directories with SearchDatastore_Task."
)
NO_DATASTORE = Message(
    "transfer.datastore", "unknown datastore {name!r}; the parameter dsName must name one", "Send the name of a datastore."
)
NO_DATACENTER = Message(
    "transfer.datacenter", "unknown datacenter {name!r}; the only one is {known!r}", "Send its name, or no parameter dcPath."
)
READ_ONLY = Message(
    "transfer.read_only",
    "method {method} not allowed: files of datastores can only be read (GET, HEAD)",
    "Add files to an item with an update session.",
)
FORM = Message(
    "transfer.form",
    "request body must be the bytes of the file, not a form (curl: -T FILE, not -F)",
    "Send the bytes as the body.",
)
ALREADY_COMPLETE = Message("transfer.complete", "file {name!r} is already complete ({size} bytes)", "Nothing to send.")
BEING_SENT = Message("transfer.busy", "another request is already sending file {name!r}", "Wait for its end, or stop it.")
WRONG_OFFSET = Message(
    "transfer.offset", "file {name!r} must continue at byte {expected}, not {given}", "Continue at the byte in Upload-Offset."
)
RECEIVED = Message("transfer.received", "received {size} bytes of file {name!r}")
RANGE_MALFORMED = Message("transfer.range", "Content-Range must be bytes FIRST-LAST/SIZE, not {given!r}", _RANGE)
RANGE_OUTSIDE = Message("transfer.range", "Content-Range {given!r} is outside the file", _RANGE)
RANGE_MISMATCH = Message("transfer.range", "Content-Range covers {expected} bytes, body has {received}", _RANGE)
ENCODING = Message(
    "transfer.encoding",
    "unsupported {header} {given!r}; send the bytes as they are, or compressed with gzip",
    "Send the bytes as they are.",
)
RANGE_AND_ENCODING = Message(
    "transfer.encoding",
    "Content-Range and Content-Encoding {encoding!r} cannot be combined; send parts without encoding",
    "Send parts without Content-Encoding.",
)
SESSION_OVER = Message("transfer.session", "session has ended", "Create a new session.")
REPLACED = Message("transfer.replaced", "another request is now sending the bytes of the file", "Nothing to do.")
TOO_MANY_TRANSFERS = Message(
    "transfer.too_many",
    "user {user} already runs {most} transfers, the limit (transfers_per_user); try again when one has ended",
    "Transfer fewer files at the same time, or raise the setting transfers_per_user.",
)
