"""Defines the standard errors of vAPI.

How an error is written is up to the wire form, which reads `name`, `error_type`, `rest_status` and `api_status`.
"""

from __future__ import annotations

import re
from typing import ClassVar

from contentlib.vapi.std import LocalizableMessage, message


class VapiError(Exception):
    """Base class of the standard errors. A subclass defines its HTTP statuses and whether the infrastructure may raise it."""

    name: ClassVar[str] = ""
    rest_status: ClassVar[int] = 400
    api_status: ClassVar[int] = 400
    everywhere: ClassVar[bool] = False
    """Whether the infrastructure may raise it for any operation, declared or not."""

    def __init_subclass__(cls, *, rest: int = 400, api: int | None = None, everywhere: bool = False) -> None:
        cls.name = re.sub(r"(?<=.)([A-Z])", r"_\1", cls.__name__).lower()
        cls.rest_status = rest
        cls.api_status = rest if api is None else api
        cls.everywhere = everywhere

    def __init__(self, message_id: str, text: str, *args: str, challenge: str | None = None, status: int | None = None) -> None:
        super().__init__(text)
        self.messages: list[LocalizableMessage] = [message(message_id, text, *args)]
        self.challenge = challenge
        self.status = status
        """An HTTP status that takes the place of the error's own (413, 415, 405), on `/rest` and `/api`."""
        self.allow: str | None = None
        """The methods that a path knows, where the status is 405."""
        self.retry_after: int | None = None
        """Seconds after which the caller may try again."""

    @property
    def error_type(self) -> str:
        """The value of the field `error_type`."""
        return self.name.upper()

    @property
    def canonical_name(self) -> str:
        """The name of the error's structure."""
        return f"com.vmware.vapi.std.errors.{self.name}"


class Error(VapiError, api=500):
    """The operation failed with an error that has no type of its own."""


class AlreadyExists(VapiError):
    """A thing of this name or identifier is there already."""


class AlreadyInDesiredState(VapiError):
    """The object is already in the requested state."""


class Canceled(VapiError, rest=500):
    """The operation was canceled."""


class ConcurrentChange(VapiError, api=409):
    """The thing was changed since the caller last read it."""


class FeatureInUse(VapiError):
    """A feature is in use and cannot be turned off."""


class InternalServerError(VapiError, rest=500, everywhere=True):
    """The server met something unforeseen."""


class InvalidArgument(VapiError, everywhere=True):
    """A parameter or field has a value that the operation does not take."""


class InvalidElementConfiguration(VapiError):
    """The thing is configured so that the operation cannot work on it."""


class InvalidElementType(VapiError):
    """The thing is of a type that the operation does not work on."""


class InvalidRequest(VapiError, everywhere=True):
    """The request does not have the format that it claims to have."""


class NotAllowedInCurrentState(VapiError):
    """The state of the thing does not allow the operation."""


class NotFound(VapiError, rest=404):
    """The object does not exist."""


class OperationNotFound(VapiError, rest=404, everywhere=True):
    """The service or operation does not exist."""


class ResourceBusy(VapiError, api=500):
    """Somebody else is at work on the thing."""


class ResourceInUse(VapiError):
    """The thing is in use."""


class ResourceInaccessible(VapiError, api=500):
    """The object, or something that it needs, is not accessible."""


class ServiceUnavailable(VapiError, rest=503, everywhere=True):
    """The server cannot serve the call now."""


class TimedOut(VapiError, rest=504, everywhere=True):
    """The operation took too long."""


class UnableToAllocateResource(VapiError, everywhere=True):
    """The server has no more of something that the operation needs."""


class Unauthenticated(VapiError, rest=401, everywhere=True):
    """Nobody known is calling."""


class Unauthorized(VapiError, rest=403, everywhere=True):
    """The caller lacks a privilege."""


class UnexpectedInput(VapiError, everywhere=True):
    """The request holds a field that the operation does not know."""


class Unsupported(VapiError):
    """The operation, or this use of it, is not supported."""


class UnverifiedPeer(VapiError, rest=500):
    """The other side of a connection is not who it should be."""


ERRORS: dict[str, type[VapiError]] = {error.name: error for error in VapiError.__subclasses__()}
