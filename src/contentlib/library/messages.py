"""Declares messages that several rooms of rules share: fields, states, missing files, silent storages."""

from contentlib.messages import Message

INVALID = "invalid.{field}"
"""The id of a message about a field; its first argument is the path of the field."""

_SHORTEN = "Shorten the value."
_LEFT_TO_OPERATOR = "Check the storage; restore the file from a backup, or upload it again."

NOT_FOUND = Message("{kind}.not_found", "{kind} {identifier!r} does not exist", "List what exists; it may have been deleted.")
FILE_NOT_FOUND = Message("file.not_found", "{owner} {identifier} has no file {name!r}", "List the files and correct the name.")
NOT_ACTIVE = Message(
    "session.not_active", "{kind} {identifier} is {state} and cannot be {event}", "Create a new session, or submit a new task."
)
VERSION_CONFLICT = Message(
    "version.conflict",
    "{kind} {identifier} is at version {current}, not {given}",
    "Get it again, apply the change to what it is now, and send the new version.",
)

NOT_DECRYPTED = Message(
    "secret.not_decrypted",
    "cannot decrypt the {use}: {problem}",
    "Restore sealing.key from the backup of the database, or set the secret again.",
)
REQUIRED = Message(INVALID, "{field} is required", "Send the field.")
EMPTY = Message(INVALID, "{field} must not be empty", "Send a value, or leave the field unset.")
NOT_IN_FUTURE = Message(INVALID, "{field} must be in the future", "Send a later time.")
OUT_OF_RANGE = Message(INVALID, "{field} must be between {least} and {most}, not {given}", "Send a value in the range.")
TOO_SMALL = Message(INVALID, "{field} must be at least {least}, not {given}", "Send a larger value.")
TOO_LONG = Message(INVALID, "{field} is {length} characters; at most {most} are allowed", _SHORTEN)
TOO_MANY_BYTES = Message(INVALID, "{field} is {length} bytes; at most {most} are allowed", _SHORTEN)
INVALID_UNICODE = Message(INVALID, "{field} contains an invalid Unicode character ({character})", "Remove the character.")
CONTROL_CHARACTER = Message(INVALID, "{field} contains a control character ({character})", "Remove the character.")
INVISIBLE_CHARACTER = Message(
    INVALID, "{field} contains an invisible character ({character}); remove it", "Remove the character from the name."
)
NOT_A_FILE_NAME = Message(
    INVALID, "{field} must be a plain file name, not {given!r}", "Send a name without a path: no slashes, not . or .."
)
NOT_A_UUID = Message(INVALID, "{field} must be a UUID, not {given!r}", "Generate a random UUID for each new call.")
NOT_A_CHECKSUM = Message(
    INVALID,
    "{field} must be a {algorithm} checksum of {digits} hexadecimal digits, not {given!r}",
    "Send the digest in hexadecimal, and its algorithm.",
)
NOT_A_CERTIFICATE = Message(
    INVALID, "{field} must be a certificate in PEM format", "Send text with BEGIN CERTIFICATE and END CERTIFICATE."
)
SOURCE_UNUSABLE = Message(INVALID, "{field} {problem}", "Correct the URL, or ask the operator to allow it.")

FILE_GONE = Message("file.gone", "content of file {name!r} is missing", _LEFT_TO_OPERATOR)
FILE_GONE_FROM = Message("file.gone", "content of file {name!r} is missing from storage {storage}", _LEFT_TO_OPERATOR)
FILE_DAMAGED = Message(
    "file.damaged", "content of file {name!r} is damaged: SHA256 checksum is {actual}, expected {expected}", _LEFT_TO_OPERATOR
)
FILE_RESIZED = Message(
    "file.damaged",
    "content of file {name!r} is damaged: {actual} bytes on storage {storage}, expected {expected}",
    _LEFT_TO_OPERATOR,
)
CHECKSUM_MISMATCH = Message(
    "file.checksum_mismatch",
    "file {name!r} has {algorithm} checksum {actual}, expected {expected}",
    "Send the file again, or correct the declared checksum.",
)
STORAGE_SILENT = Message(
    "storage.silent",
    "storage {storage} has not answered for {seconds} seconds; try again later",
    "Check the disk or the file server of the storage.",
)
STORAGE_RESERVED = Message(
    "storage.reserved",
    "storage {storage} has {free} bytes free, of which {reserved} are reserved; {need} more are needed",
    "Free disk space on the storage, or lower its reserve.",
)

LIBRARY_IN_USE = Message(
    "library.in_use",
    "cannot delete {thing}: library {library} is in use by {users}",
    "Remove the usages of the library, or delete it with force.",
)
LIBRARY_IN_USE_BY_MANY = Message(
    "library.in_use",
    "cannot delete {thing}: library {library} is in use by {users} and {more} more",
    "Remove the usages of the library, or delete it with force.",
)
LIBRARY_IN_MAINTENANCE = Message(
    "library.in_maintenance", "library {library} is in MAINTENANCE: {reason}", "Wait for the end of the maintenance, or end it."
)

TASK_CANCELED = Message("task.canceled", "the task was canceled")
TASK_NOT_CANCELABLE = Message("task.not_cancelable", "task {task} cannot be canceled", "Wait for its end.")
LAST_ADMINISTRATOR = Message(
    "access.last_administrator",
    "no enabled user would have the role Administrator on everything; give it to another user first",
    "Give the role to another user first.",
)
ROLE_BUILT_IN = Message(
    "role.built_in", "role {role!r} is built in and cannot be changed; create a role of your own", "Create another role."
)
NOT_GRANTABLE = Message(
    "permission.not_grantable",
    "role {role!r} has the privilege {privilege}, which you do not have yourself",
    "Ask an administrator, or choose a role with fewer privileges.",
)

_QUOTA = "Remove items or versions and purge them from the trash, or ask an administrator for a larger quota."
QUOTA_OF_BYTES = Message(
    "quota.bytes",
    "quota of {owner} is {limit} bytes: {used} bytes are used or reserved, {need} more are needed",
    _QUOTA,
)
QUOTA_OF_ITEMS = Message("quota.items", "quota of {owner} is {limit} items: {used} items exist, {need} more are needed", _QUOTA)
