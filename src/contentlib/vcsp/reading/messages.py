"""Declares messages about publishers' documents."""

from contentlib.library.messages import INVALID
from contentlib.messages import Message

_PUBLISHER = "Report it to the operator of the publisher, or correct the published library."

UNREADABLE = Message(
    "{fault}", "cannot read the published library: {problem}", "Check the URL, credentials and certificate of the subscription."
)
ENTRY = Message("catalog.entry", "an entry of the item list {problem}; skipped", _PUBLISHER)
DUPLICATE_ID = Message("catalog.same_id", "item {name!r} has the same id as another item ({item}); skipped", _PUBLISHER)
DUPLICATE_FILE = Message("catalog.same_file", "item {item!r} has a duplicate file {name!r}; skipped", _PUBLISHER)
DUPLICATE_NAME = Message("catalog.same_name", "another item is named {name!r}; item {item} was renamed to {new!r}", _PUBLISHER)
LEFT_OUT = Message("catalog.left_out", "item {name!r} was skipped: {reason}", _PUBLISHER)
MORE = Message(
    "catalog.more", "further warnings about this list were suppressed", "Correct the first warnings, then synchronize again."
)
FILES_NOT_A_LIST = Message(INVALID, "{field} must be a list, not {given}", _PUBLISHER)
FILE_NOT_AN_OBJECT = Message(INVALID, "{field} must contain objects, not {given}", _PUBLISHER)
FILE_NAMES_CLASH = Message(INVALID, "{field}: {path!r} has the same name as {other!r}", _PUBLISHER)
FILE_WITHOUT_URL = Message(INVALID, "{field} of file {name!r} contains no usable URL", _PUBLISHER)
