"""Declares messages about libraries, items, content versions, the trash and usages."""

from contentlib.library.messages import INVALID
from contentlib.messages import Message

_TRY_AGAIN = "Try again."
_WAIT_FOR_TASK = "Wait for the end of the task, or cancel it."

NO_CRITERIA = Message(INVALID, "{field} must set at least one property to search by", "Set a property of the filter.")
REQUIRED_FOR_DATASTORE = Message(
    INVALID, "{field} is required for a DATASTORE backing", "List the datastores and send one of them."
)
UNKNOWN_STORAGE = Message(INVALID, "{field}: unknown storage {given!r}; available: {available}", "Use one of the storages.")
STORAGE_REQUIRED = Message(INVALID, "{field} must name a storage", "Send one backing.")
NOT_PUBLISHING_USER = Message(INVALID, "{field} must be {expected!r} or unset, not {given!r}", "Leave the field unset.")
EMPTY_FOR_BASIC = Message(INVALID, "{field} must not be empty for BASIC authentication", "Send a password.")
CURRENT_PASSWORD_REQUIRED = Message(
    INVALID, "{field} is required to change or remove a BASIC password", "Send the current password of the library."
)
CURRENT_PASSWORD_WRONG = Message(INVALID, "{field} is wrong", "Send the current password of the library.")
NOT_A_LABEL_KEY = Message(
    INVALID,
    "{field} must be 1 to 63 letters, digits, dots, slashes, hyphens and underscores, not {given!r}",
    "Begin and end the key with a letter or a digit.",
)
TOO_MANY_LABELS = Message(INVALID, "{field} has {count} labels; at most {most} are allowed", "Send fewer labels.")
LABEL_TWICE = Message(INVALID, "{field} has the key {key!r} twice", "Send one value for each key.")
NOT_SEARCHABLE = Message(
    INVALID,
    "{field} has {count} words; 1 to {most} are expected",
    "Send words of letters and digits, or leave the field unset.",
)
NOT_A_QUERY_MARKER = Message(
    INVALID,
    "{field} must be a marker that was returned for a query in the same order, not {given!r}",
    "Send the marker of the previous page, or leave the field unset.",
)
NOT_A_URN = Message(
    INVALID,
    "{field} must be SCHEME:NAMESPACE:TYPE:IDENTIFIER of at most {most} characters, such as urn:vmomi:vm:vm-12",
    "Send the resource in this format.",
)

TOO_MANY_BACKINGS = Message("library.backings", "{field} has {count} backings; a library has exactly one", "Send one backing.")
BACKING_TYPE = Message(
    "library.backing_type",
    "unsupported type {given} in {field}; only DATASTORE is supported",
    "Use a backing of type DATASTORE.",
)
LIBRARY_TYPE = Message(
    "library.type", "library {library} is {type}, not {expected}", "Use the service for libraries of this type."
)
ITEMS_READ_ONLY = Message(
    "library.type",
    "items of {type} library {library} cannot be changed; change them at the source",
    "Change the item in the local library.",
)
LIBRARY_NAME_TAKEN = Message(
    "library.name_taken",
    "{field} {name!r} is already used by library {library}",
    "Choose another name, or set unique_library_names = false.",
)
ITEM_NAME_TAKEN = Message(
    "item.name_taken",
    "{field} {name!r} is already used in library {library} by item {item}",
    "Choose another name, or delete the other item.",
)
LIBRARY_CHANGING = Message("library.busy", "library {library} is being changed by another call", _TRY_AGAIN)
FIELD_CHANGING = Message("library.busy", "{field} of library {library} is being changed by another call", _TRY_AGAIN)
LIBRARY_SYNCHRONIZING = Message("library.busy", "library {library} is being synchronized by task {task}", _WAIT_FOR_TASK)
LIBRARY_MOVING = Message("library.busy", "library {library} is being moved by task {task}", _WAIT_FOR_TASK)
LIBRARY_HAS_SESSIONS = Message(
    "library.busy",
    "library {library} has active update sessions: {sessions}; complete or cancel them first",
    "Complete or cancel the update sessions.",
    separator="; ",
)
MAINTENANCE_BY_TASK = Message(
    "library.busy", "library {library} stays in MAINTENANCE until task {task} ends: {reason}", _WAIT_FOR_TASK
)
NOT_IN_MAINTENANCE = Message(
    "library.active", "library {library} is ACTIVE, not in MAINTENANCE", "Nothing to do: the library accepts changes."
)
ALREADY_ON_STORAGE = Message("library.storage", "library {library} is already on storage {storage}", "Nothing to do.")
NEVER_SYNCHRONIZED = Message(
    "library.not_synchronized", "library {library} has never been synchronized", "Synchronize the library first."
)
NOT_SYNCHRONIZED = Message(
    "library.not_synchronized",
    "the last synchronization of library {library} failed: {reason}",
    "Correct the cause and synchronize again.",
)
ITEM_NOT_SYNCHRONIZED = Message(
    "item.not_synchronized",
    "content of library item {item} ({name!r}) is not synchronized",
    "Synchronize the item with its content.",
)
ITEM_NOT_CACHED = Message(
    "item.not_cached",
    "content of library item {item} is not stored here; synchronize it with force_sync_content first",
    "Call sync of the subscribed item with force_sync_content = true, and wait.",
)
ITEM_CHANGED = Message("item.changed", "content of library item {item} was changed by another call", _TRY_AGAIN)
ITEM_BUSY = Message(
    "item.busy",
    "library item {item} has an active update session: {session}",
    "Complete or cancel the session, or wait until it expires.",
)
VERSION_CURRENT = Message(
    "item.version_current", "content version {version} of library item {item} is already current", "Nothing to do."
)
TRASHED_LIBRARY = Message(
    "trash.library_deleted",
    "library {library} of item {item} is in the trash; restore the library first",
    "Restore the library first.",
)
USAGE_EXISTS = Message("usage.taken", "library {library} is already in use by {urn}: {usage}", "Keep the existing usage.")

ITEM_DELETED = Message("session.item_gone", "library item {name!r} was deleted")
LIBRARY_DELETED = Message("session.item_gone", "library {name!r} was deleted")
ITEM_REMOVED_AT_SOURCE = Message("session.item_gone", "library item {name!r} was removed at its source")
MIGRATION = Message("task.migrate", "move library {name!r} to storage {storage}")

PACKAGE_UNREADABLE = Message(INVALID, "{field} names a package that cannot be read: {problem}", "Upload a valid package.")
NO_DESCRIPTOR = Message(
    INVALID,
    "{field} must name an item with an OVF descriptor; item {item!r} of type {type!r} has no .ovf file",
    "Use an item with an OVF package.",
)
DESCRIPTOR_TOO_LARGE = Message(
    INVALID, "{field} has a descriptor of {size} bytes; at most {most} are allowed", "Use an item with a smaller descriptor."
)
NO_HOSTS = Message(
    "ovf.no_hosts",
    "library item {item} cannot be deployed, because this server has no hosts; deploy it from a vCenter",
    "Publish the library and deploy from a vCenter that subscribes to it, or download the item and import it there.",
)
NO_MACHINES = Message(
    "ovf.no_machines",
    "cannot create an item from {kind} {identifier!r}, because this server has no virtual machines",
    "Export the virtual machine from its vCenter and upload the files to an item.",
)
HAS_SUBSCRIBERS = Message(
    INVALID,
    "{field} cannot be NONE: library {library} has subscribers with credentials",
    "Remove the subscribers first, or keep BASIC.",
)
