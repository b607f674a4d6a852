"""Declares messages about missing logins, missing privileges and too many passwords."""

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
PRIVILEGE_MISSING = Message("access.privilege_missing", "user {user} needs the privilege {privilege} for {operation}", _GRANT)
PRIVILEGE_MISSING_ON = Message(
    "access.privilege_missing", "user {user} needs the privilege {privilege} on {type} {thing!r} for {operation}", _GRANT
)
PASSWORDS_WAITING = Message(_BUSY, "too many passwords are waiting to be checked; try again in {seconds} seconds", _WAIT)
LOGINS_WAITING = Message(_BUSY, "too many logins are waiting; try again in {seconds} seconds", _WAIT)
LOGINS_OF_USER_WAITING = Message(_BUSY, "too many logins of this user are waiting; try again in {seconds} seconds", _WAIT)
WRONG_FROM_ADDRESS = Message(_BUSY, "too many wrong passwords from this address; try again in {seconds} seconds", _WAIT)
WRONG_FOR_USER = Message(_BUSY, "too many wrong passwords for this user; try again in {seconds} seconds", _WAIT)
