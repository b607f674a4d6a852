"""Defines the SOAP faults that clients decode."""

from __future__ import annotations

from contentlib.vapi.errors import ServiceUnavailable
from contentlib.vim.values import Data, Fields, Reference


class VimFault(Exception):
    """A SOAP fault: its message and the data object with its type."""

    def __init__(self, text: str, detail: Data) -> None:
        super().__init__(text)
        self.detail = detail
        self.retry_after: int | None = None
        """After how many seconds the caller may try again."""


def not_supported(what: str) -> VimFault:
    """The fault for everything that this server does not have."""
    return VimFault(f"{what} is not supported by this server", Data("NotSupported"))


def invalid_login() -> VimFault:
    """The fault for a wrong name or password."""
    return VimFault("Cannot complete login due to an incorrect user name or password.", Data("InvalidLogin"))


def unavailable(error: ServiceUnavailable) -> VimFault:
    """The fault for a call that the server cannot serve now."""
    fault = VimFault(str(error), Data("SystemError", {"reason": str(error)}))
    fault.retry_after = error.retry_after
    return fault


def not_authenticated(target: Reference) -> VimFault:
    """The fault for a caller without a login session."""
    fields: Fields = {"object": target, "privilegeId": "System.View"}
    return VimFault("The session is not authenticated.", Data("NotAuthenticated", fields))


def not_found(target: Reference) -> VimFault:
    """The fault for a managed object that is not there."""
    text = f"The object '{target.type}:{target.id}' has already been deleted or has not been completely created"
    return VimFault(text, Data("ManagedObjectNotFound", {"obj": target}))


def no_session(key: str) -> VimFault:
    """The fault for a login session that is not there, or is another user's."""
    return VimFault(f"unknown session {key[:80]!r}; SessionManager.sessionList has those of this user", Data("NotFound"))


def invalid_property(kind: str, name: str) -> VimFault:
    """The fault for a property that a type does not have."""
    return VimFault(f"The type {kind} has no property '{name}'", Data("InvalidProperty", {"name": name}))


def invalid_argument(name: str, problem: str) -> VimFault:
    """The fault for an argument that cannot be taken."""
    return VimFault(f"{name} {problem}", Data("InvalidArgument", {"invalidProperty": name}))


def invalid_request(problem: str) -> VimFault:
    """Returns the fault for an invalid request."""
    return VimFault(problem, Data("InvalidRequest"))
