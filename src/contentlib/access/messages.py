"""Declares messages about missing logins, missing privileges and too many passwords."""

from contentlib.library.messages import INVALID
from contentlib.messages import Message

_BUSY = "access.busy"
_WAIT = "Wait for the seconds in Retry-After."
_GRANT = "Ask an administrator for a role with the privilege."

NO_CREDENTIALS = Message("access.no_credentials", "user name and password are required", "Log in with basic authentication.")
WRONG_PASSWORD = Message("access.wrong_password", "wrong user name or password", "Correct the user name or the password.")
NO_SESSION = Message("access.no_session", "authentication required: the request has no session", "Create a session first.")
UNKNOWN_SESSION = Message(
    "access.unknown_session", "login session does not exist or has expired; log in again", "Create a new session."
)
EXPIRED_SESSION = Message(
    "access.expired_session",
    "login session expired after {seconds} seconds without use; log in again",
    "Create a new session, or raise the setting session_idle_seconds.",
)
SYNC_FAILED = Message(
    "attention.sync_failed",
    "library {name!r} could not be synchronized: {reason}",
    "Correct the subscription, or ask the operator of the publisher; then synchronize the library.",
)
IN_MAINTENANCE = Message(
    "attention.maintenance", "library {name!r} is in maintenance: {reason}", "Wait for the end of the maintenance, or end it."
)
TASK_FAILED = Message(
    "attention.task_failed", "{operation} failed: {reason}", "Correct the cause and call the operation again."
)
STORAGE_UNREACHABLE = Message(
    "attention.storage_unreachable", "storage {name!r} cannot be reached", "Check the disk or the file server of the storage."
)
STORAGE_FILLED = Message(
    "attention.storage_full", "storage {name!r} is {percent} % full", "Free disk space on the storage, or enlarge it."
)
QUOTA_FILLED = Message(
    "attention.quota_full", "library {name!r} has nearly used up its quota", "Raise the quota, or remove items or versions."
)
EXPIRES = Message("attention.expires", "{kind} {name!r} expires on {date}", "Replace it before that day.")
EXPIRED = Message("attention.expired", "{kind} {name!r} expired on {date}", "Replace it, or remove it.")
EVENT_CURSOR = Message(
    INVALID, "{field} must be a cursor that was returned, not {given!r}", "Send the cursor of the previous answer, or none."
)
PRIVILEGE_MISSING = Message("access.privilege_missing", "user {user} needs the privilege {privilege} for {operation}", _GRANT)
PRIVILEGE_MISSING_ON = Message(
    "access.privilege_missing", "user {user} needs the privilege {privilege} on {type} {thing!r} for {operation}", _GRANT
)
PASSWORDS_WAITING = Message(_BUSY, "too many passwords are waiting to be checked; try again in {seconds} seconds", _WAIT)
LOGINS_WAITING = Message(_BUSY, "too many logins are waiting; try again in {seconds} seconds", _WAIT)
LOGINS_OF_USER_WAITING = Message(_BUSY, "too many logins of this user are waiting; try again in {seconds} seconds", _WAIT)
WRONG_FROM_ADDRESS = Message(_BUSY, "too many wrong passwords from this address; try again in {seconds} seconds", _WAIT)
WRONG_FOR_USER = Message(_BUSY, "too many wrong passwords for this user; try again in {seconds} seconds", _WAIT)
TOO_MANY_CALLS = Message(_BUSY, "too many expensive calls of this user; try again in {seconds} seconds", _WAIT)
NO_TOKEN = Message("access.unknown_token", "the API token does not exist or has expired", "Create a new token.")
NO_TICKET = Message(
    "access.unknown_ticket", "the clone ticket does not exist, has expired or was used before", "Acquire a new ticket."
)
NO_LINK = Message(
    "access.unknown_link",
    "the login link does not exist, has expired or was used before",
    "Run contentlib console-link on the machine of the server for a new one, or log in with a password.",
)
DISABLED_FOR_LINK = Message(
    "access.link_of_disabled_user", "user {name!r} is disabled", "Enable the user, then create the link again."
)
USER_DISABLED = Message(
    "access.user_disabled", "user {user} is disabled or the API token has expired", "Ask an administrator to enable the user."
)
SUBMITTER_GONE = Message(
    "access.submitter_gone",
    "user {user} or the API token of the call was disabled, removed or expired since {operation} was called",
    "Call the operation again as a user who may.",
)
TOKEN_BY_TOKEN = Message(
    "access.token_by_token",
    "this call has an API token and cannot create tokens; log in with a password",
    "Create the token after a login with a password.",
)
USER_TAKEN = Message("user.taken", "user {name!r} already exists", "Choose another name.")
GROUP_TAKEN = Message("group.taken", "group {name!r} already exists", "Choose another name.")
ROLE_TAKEN = Message("role.taken", "role {name!r} already exists", "Choose another name.")
ROLE_IN_USE = Message(
    "role.in_use",
    "role {name!r} is used by {permissions} permissions and {tokens} tokens; remove them first",
    "Remove the permissions and tokens that have the role.",
)
TOO_MANY_TOKENS = Message("token.too_many", "user {user} already has {most} tokens; delete some first", "Delete unused tokens.")
USER_NAME_CHARACTERS = Message(
    INVALID,
    "{field} must not contain colons, slashes, quotes, control characters or spaces at its ends",
    "Remove the character.",
)
USER_NAME_FORM = Message(INVALID, "{field} must be NAME or NAME@DOMAIN, not {given!r}", "Send a name with at most one @.")
PASSWORD_SHORT = Message(INVALID, "{field} must be at least {least} characters long", "Choose a longer password.")
PASSWORD_IS_NAME = Message(INVALID, "{field} must not be the name of the user", "Choose another password.")
PASSWORD_BREACHED = Message(
    INVALID, "{field} is in the list of breached passwords; choose a different password", "Choose a different password."
)
PASSWORD_WRONG = Message(INVALID, "{field} is not the current password", "Send the current password.")
GROUP_CYCLE = Message(
    INVALID,
    "{field} group {inner!r} contains group {outer!r}: groups cannot contain each other",
    "Remove the other membership first.",
)
UNKNOWN_PRIVILEGE = Message(INVALID, "{field} contains the unknown privilege {given!r}", "Correct the name of the privilege.")
ADMINISTRATORS_PRIVILEGE = Message(
    INVALID, "{field} contains {given}, which only the role Administrator can have", "Leave the privilege out."
)

EXTERNAL_SUBJECT = Message(
    "access.external_subject",
    "{provider} sent no usable identifier of the user",
    "Configure the provider to send an identifier of 1 to 255 printable characters.",
)
EXTERNAL_DISABLED = Message(
    "access.external_disabled", "user {user} of {provider} is disabled", "Ask an administrator to enable the user."
)
EXTERNAL_NAME = Message(
    "access.external_name", "{provider} sent an unusable user name: {problem}", "Change the name of the user at the provider."
)
EXTERNAL_TAKEN = Message(
    "access.external_taken",
    "user {name!r} of {provider} cannot log in: the name belongs to another user",
    "Rename or remove the other user, or set another domain for the provider.",
)
EXTERNAL_PASSWORD = Message(
    INVALID, "{field} cannot be set: user {user} logs in with {provider}", "Change the password at the provider."
)
EXTERNAL_MEMBERSHIP = Message(
    "group.external_membership",
    "{member!r} is a member of group {group!r} by {provider} and cannot be removed here",
    "Remove the user from the group at the provider, or disable the user.",
)
EXTERNAL_GROUP_TAKEN = Message(
    "group.external_taken", "{external!r} of {provider} is already mapped to group {name!r}", "Use that group."
)
EXTERNAL_GROUP_FORM = Message(
    INVALID, "{field} must be oidc:NAME or ldap:NAME, not {given!r}", "Send the kind and name of a provider in the settings."
)
EXTERNAL_GROUP_HALF = Message(
    INVALID, "{field} is required: source and external_name go together", "Send both fields, or neither."
)

DIRECTORY_DOWN = Message(
    "access.directory_down",
    "the LDAP directory {directory!r} cannot be asked now; try again later",
    "Check the directory with `contentlib ldap check`. Users who are kept here can log in.",
)
DIRECTORY_PASSWORD_EXPIRED = Message(
    "access.directory_password",
    "the password of user {user!r} in directory {directory!r} has expired or must be changed",
    "Change the password in the directory.",
)
DIRECTORY_ACCOUNT_DISABLED = Message(
    "access.directory_account",
    "user {user!r} of directory {directory!r} is disabled or has expired there",
    "Ask an administrator of the directory to enable the user.",
)
DIRECTORY_ACCOUNT_LOCKED = Message(
    "access.directory_account",
    "user {user!r} of directory {directory!r} is locked after too many wrong passwords",
    "Wait, or ask an administrator of the directory to unlock the user.",
)
DIRECTORY_NOT_NOW = Message(
    "access.directory_account",
    "user {user!r} of directory {directory!r} may not log in at this time or from this server",
    "Ask an administrator of the directory about the user's logon restrictions.",
)
AUDIT_MARKER = Message(INVALID, "{field} {given!r} is not the marker of a page", "Send the marker of the page before.")
AUDIT_SIZE = Message(
    INVALID, "{field} {given} is out of range; expected 1 to {most}", "Ask for fewer entries, and for the next page."
)
