"""Declares messages about bytes that cannot be read or written."""

from contentlib.messages import Message

UNREADABLE = Message(
    "file.unreadable",
    "cannot read content of file {name!r} from storage {storage}: {reason}",
    "Check the disk, the mount and the permissions of the storage.",
)
NOT_WRITTEN = Message(
    "file.not_written",
    "file {name!r} could not be written to storage {storage} ({reason}); send it again",
    "Check the disk of the storage, then send the file again.",
)
