"""Declares messages about downloads of files and syncs of libraries."""

from contentlib.messages import Message

_SYNC_AGAIN = "Correct the cause at the publisher; the next synchronization fetches the item."

NOT_AS_PUBLISHED = Message(
    "sync.manifest", "item {name!r} differs from what its publisher declares: {problems}", _SYNC_AGAIN, separator="; "
)
FILE_NOT_AS_PUBLISHED = Message("{fault}", "file {name!r} differs from what its publisher declares: {problem}", _SYNC_AGAIN)
NO_SOURCE = Message("sync.no_source", "file {name!r} has no source URL", _SYNC_AGAIN)
UNUSABLE_SOURCE = Message("sync.address", "file {name!r} has no usable source URL", _SYNC_AGAIN)
SYNC_FAILED = Message("sync.{kind}", "cannot download file {name!r}: {problem}", _SYNC_AGAIN)
BEING_FETCHED = Message(
    "sync.busy", "file {name!r} is being downloaded by another synchronization", "The server tries again by itself."
)
SYNC_DONE = Message("sync.done", "{removed} items removed, {changed} changed, {fetched} fetched")
SYNC_DONE_BUT = Message(
    "sync.done",
    "{removed} items removed, {changed} changed, {fetched} fetched; {warnings}",
    "The warnings name what the publisher should correct.",
    separator="; ",
)
LEFT_OUT = Message(
    "sync.left_out", "library {name!r} lacks {count} items of its publisher: {reasons}", _SYNC_AGAIN, separator="; "
)
ITEMS_FAILED = Message(
    "sync.items",
    "{count} of {total} items of library {name!r} could not be synchronized: {reasons}",
    _SYNC_AGAIN,
    separator="; ",
)
BOTH = Message("{fault}", "{first}; {second}", _SYNC_AGAIN)

PULL_NO_SOURCE = Message("pull.no_source", "file {name!r} has no source_endpoint", "Add the file again with a source_endpoint.")
PULL_FAILED = Message("pull.{kind}", "cannot download file {name!r}: {problem}", "Correct the cause, then add the file again.")
PULL_UNREADABLE = Message(
    "pull.unreadable",
    "cannot read the source of file {name!r}: {reason}",
    "Check the file below the import root and its permissions.",
)
