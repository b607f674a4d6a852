"""The standard errors of vAPI: what a caller may hear, in every wire form.

Nothing here says how an error is written; a wire form reads `name`, `error_type`, `rest_status` and `api_status`.
"""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.std import LocalizableMessage, message


class VapiError(Exception):
    """Base of the standard errors."""

    name: ClassVar[str] = ""
    rest_status: ClassVar[int] = 400
    api_status: ClassVar[int] = 400
    everywhere: ClassVar[bool] = False
    """Whether the infrastructure may raise it for any operation, declared or not."""

    def __init__(self, message_id: str, text: str, *args: str, challenge: str | None = None, status: int | None = None) -> None:
        super().__init__(text)
        self.messages: list[LocalizableMessage] = [message(message_id, text, *args)]
        self.challenge = challenge
        self.status = status

    @property
    def error_type(self) -> str:
        return self.name.upper()

    @property
    def canonical_name(self) -> str:
        return f"com.vmware.vapi.std.errors.{self.name}"


ERRORS: dict[str, type[VapiError]] = {}


def _error(name: str, rest: int = 400, api: int | None = None, everywhere: bool = False) -> type[VapiError]:
    camel = "".join(part.capitalize() for part in name.split("_"))
    status = {"name": name, "rest_status": rest, "api_status": rest if api is None else api, "everywhere": everywhere}
    ERRORS[name] = type(camel, (VapiError,), {**status, "__doc__": f"The standard error {name}.", "__module__": __name__})
    return ERRORS[name]


Error = _error("error", api=500)
AlreadyExists = _error("already_exists")
AlreadyInDesiredState = _error("already_in_desired_state")
Canceled = _error("canceled", 500)
ConcurrentChange = _error("concurrent_change", api=409)
FeatureInUse = _error("feature_in_use")
InternalServerError = _error("internal_server_error", 500, everywhere=True)
InvalidArgument = _error("invalid_argument", everywhere=True)
InvalidElementConfiguration = _error("invalid_element_configuration")
InvalidElementType = _error("invalid_element_type")
InvalidRequest = _error("invalid_request", everywhere=True)
NotAllowedInCurrentState = _error("not_allowed_in_current_state")
NotFound = _error("not_found", 404)
OperationNotFound = _error("operation_not_found", 404, everywhere=True)
ResourceBusy = _error("resource_busy", api=500)
ResourceInUse = _error("resource_in_use")
ResourceInaccessible = _error("resource_inaccessible", api=500)
ServiceUnavailable = _error("service_unavailable", 503, everywhere=True)
TimedOut = _error("timed_out", 504, everywhere=True)
UnableToAllocateResource = _error("unable_to_allocate_resource", everywhere=True)
Unauthenticated = _error("unauthenticated", 401, everywhere=True)
Unauthorized = _error("unauthorized", 403, everywhere=True)
UnexpectedInput = _error("unexpected_input", everywhere=True)
Unsupported = _error("unsupported")
UnverifiedPeer = _error("unverified_peer", 500)
