"""Defines the standard errors of vAPI.

How an error is written is up to the wire form, which reads `name`, `error_type`, `rest_status` and `api_status`.
"""

from __future__ import annotations

import re
from typing import ClassVar

from contentlib.messages import Fault
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

    def __init__(self, said: Fault, *, challenge: str | None = None, status: int | None = None) -> None:
        super().__init__(said.text)
        self.fault = said
        self.messages: list[LocalizableMessage] = [message(said)]
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
    """An object with this name or identifier already exists."""


class AlreadyInDesiredState(VapiError):
    """The object is already in the requested state."""


class Canceled(VapiError, rest=500):
    """The operation was canceled."""


class ConcurrentChange(VapiError, api=409):
    """The object has changed since the caller last read it."""


class FeatureInUse(VapiError):
    """A feature is in use and cannot be turned off."""


class InternalServerError(VapiError, rest=500, everywhere=True):
    """The server failed unexpectedly."""


class InvalidArgument(VapiError, everywhere=True):
    """A parameter or field has an invalid value."""


class InvalidElementConfiguration(VapiError):
    """The configuration of the object does not allow the operation."""


class InvalidElementType(VapiError):
    """The operation does not support objects of this type."""


class InvalidRequest(VapiError, everywhere=True):
    """The request does not have the format that it claims to have."""


class NotAllowedInCurrentState(VapiError):
    """The state of the object does not allow the operation."""


class NotFound(VapiError, rest=404):
    """The object does not exist."""


class OperationNotFound(VapiError, rest=404, everywhere=True):
    """The service or operation does not exist."""


class ResourceBusy(VapiError, api=500):
    """The object is in use by another operation."""


class ResourceInUse(VapiError):
    """The object is in use."""


class ResourceInaccessible(VapiError, api=500):
    """The object, or something that it needs, is not accessible."""


class ServiceUnavailable(VapiError, rest=503, everywhere=True):
    """The server is temporarily unable to handle the call."""


class TimedOut(VapiError, rest=504, everywhere=True):
    """The operation took too long."""


class UnableToAllocateResource(VapiError, everywhere=True):
    """A resource that the operation needs is exhausted."""


class Unauthenticated(VapiError, rest=401, everywhere=True):
    """The caller is not logged in, or the login failed."""


class Unauthorized(VapiError, rest=403, everywhere=True):
    """The caller lacks a privilege."""


class UnexpectedInput(VapiError, everywhere=True):
    """The request contains an unknown field."""


class Unsupported(VapiError):
    """The operation, or this use of it, is not supported."""


class UnverifiedPeer(VapiError, rest=500):
    """The certificate of the other server could not be verified."""


ERRORS: dict[str, type[VapiError]] = {error.name: error for error in VapiError.__subclasses__()}
