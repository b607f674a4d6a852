"""Defines the SOAP faults that clients decode."""

from __future__ import annotations

from contentlib.messages import Fault
from contentlib.vapi.errors import ServiceUnavailable, Unauthenticated
from contentlib.vim import messages, upstream
from contentlib.vim.objects import TYPES
from contentlib.vim.values import Data, Fields, Reference

_LONGEST = 80  # characters of a name that a fault quotes


class VimFault(Exception):
    """A SOAP fault: its message and the data object with its type."""

    def __init__(self, text: str, detail: Data) -> None:
        super().__init__(text)
        self.detail = detail
        self.retry_after: int | None = None
        """After how many seconds the caller may try again."""


def not_supported(said: Fault) -> VimFault:
    """The fault for what this server does not do."""
    return VimFault(said.text, Data("NotSupported"))


def invalid_login(refused: Unauthenticated | None = None) -> VimFault:
    """The fault for a wrong name or password, or for a token that was `refused`, which the fault explains."""
    return VimFault(_sentence(messages.INVALID_LOGIN() if refused is None else refused.fault), Data("InvalidLogin"))


def unavailable(error: ServiceUnavailable) -> VimFault:
    """The fault for a call that the server cannot serve now."""
    fault = VimFault(str(error), Data("SystemError", {"reason": str(error)}))
    fault.retry_after = error.retry_after
    return fault


def not_authenticated(target: Reference) -> VimFault:
    """The fault for a caller without a login session."""
    fields: Fields = {"object": target, "privilegeId": "System.View"}
    return VimFault(_sentence(messages.NOT_AUTHENTICATED()), Data("NotAuthenticated", fields))


def no_permission(target: Reference, privilege: str) -> VimFault:
    """The fault for a caller who lacks a privilege."""
    fields: Fields = {"object": target, "privilegeId": privilege}
    return VimFault("Permission to perform this operation was denied.", Data("NoPermission", fields))


def no_method(target: Reference, name: str) -> VimFault:
    """The fault for a method that the public interface of a vCenter does not have."""
    fields: Fields = {"receiver": target if target.type else None, "method": name[:_LONGEST]}
    return VimFault(messages.NO_METHOD(method=name[:_LONGEST]).text, Data("MethodNotFound", fields))


def not_found(target: Reference) -> VimFault:
    """The fault for a managed object that is not there."""
    said = messages.NOT_FOUND
    if target.type not in TYPES:
        said = messages.TYPE_NOT_HERE if upstream.is_type(target.type) else messages.NO_TYPE
    text = said(type=target.type[:_LONGEST], identifier=target.id).text
    return VimFault(text, Data("ManagedObjectNotFound", {"obj": target}))


def no_session(key: str) -> VimFault:
    """The fault for a login session that is not there, or is another user's."""
    return VimFault(messages.NO_SESSION(key=key[:80]).text, Data("NotFound"))


def invalid_property(kind: str, name: str) -> VimFault:
    """The fault for a property that a type does not have."""
    return VimFault(messages.NO_PROPERTY(type=kind, name=name).text, Data("InvalidProperty", {"name": name}))


def invalid_argument(name: str, said: Fault) -> VimFault:
    """The fault for an argument that cannot be taken."""
    return VimFault(said.text, Data("InvalidArgument", {"invalidProperty": name}))


def invalid_state(said: Fault) -> VimFault:
    """The fault for an object that is not in a state for the method."""
    return VimFault(said.text, Data("InvalidState"))


def invalid_request(said: Fault) -> VimFault:
    """Returns the fault for an invalid request."""
    return VimFault(said.text, Data("InvalidRequest"))


def _sentence(said: Fault) -> str:
    """A message as vCenter writes it; clients compare these."""
    return f"{said.text[:1].upper()}{said.text[1:]}."
