"""Declares messages about tags, their categories and their attachments."""

from contentlib.library.messages import INVALID
from contentlib.messages import Message

_OTHER_NAME = "Choose another name, or use what exists."
_OTHER_IDENTIFIER = "Leave the identifier unset, or choose a new one."

CATEGORY_NAME_TAKEN = Message("category.name_taken", "a tag category named {name!r} already exists: {category}", _OTHER_NAME)
CATEGORY_IDENTIFIER_TAKEN = Message("category.identifier_taken", "tag category {category} already exists", _OTHER_IDENTIFIER)
TAG_NAME_TAKEN = Message("tag.name_taken", "category {category!r} already has a tag named {name!r}: {tag}", _OTHER_NAME)
TAG_IDENTIFIER_TAKEN = Message("tag.identifier_taken", "tag {tag} already exists", _OTHER_IDENTIFIER)

NOT_A_URN = Message(
    INVALID, "{field} must be {expected}, not {given!r}", "Leave the field unset; the server then chooses an identifier."
)
SEVERAL_LINES = Message(INVALID, "{field} contains a tab or a line break", "Send a name of one line.")
TOO_MANY_TYPES = Message(INVALID, "{field} has {count} types; at most {most} are allowed", "Leave it empty to allow all types.")
TOO_MANY_ENTRIES = Message(INVALID, "{field} has {count} entries; at most {most} are allowed", "Use several calls.")
TOO_MANY_USERS = Message(
    INVALID, "{field} cannot be added: {thing} already has {most} users, the limit", "Remove a user that is out of use."
)
TYPES_REMOVED = Message(
    INVALID, "{field} cannot lose types: category {category!r} has {types}", "Send all types of the category and the new ones."
)
ALL_TYPES_REMOVED = Message(
    INVALID, "{field} cannot lose types: category {category!r} allows all types", "Leave the field unset or empty."
)
SEVERAL_TAGS = Message(
    INVALID,
    "{field} cannot be SINGLE: {type} {object} has several tags of category {category!r}",
    "Detach all but one of the tags of the category from each object.",
)

OBJECT_UNKNOWN = Message(
    INVALID,
    "{field} {object!r} of type {type!r} does not exist",
    "Tags can be attached to libraries, items, and the objects of the inventory.",
)
TYPE_NOT_ALLOWED = Message(
    INVALID,
    "{field} {tag!r} cannot be attached to {type}: category {category!r} allows {allowed}",
    "Add the type to the category, or use a tag of another category.",
)
SINGLE_TAG = Message(
    INVALID,
    "{field} cannot be attached: {type} {object} already has tag {other} of category {category!r}, which allows one",
    "Detach the other tag first.",
)
