"""Converts requests to calls and results to responses: caller, base URL, errors."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from contentlib.http.bodies import Bodies, Vouch
from contentlib.http.cookies import cookie, is_foreign
from contentlib.http.failures import Report, storage_fault
from contentlib.http.message import BodyRefused, Disconnected, Headers, Request
from contentlib.vapi.checking import flaw, union_flaw
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import (
    InternalServerError,
    InvalidArgument,
    InvalidRequest,
    ServiceUnavailable,
    Unauthenticated,
    Unauthorized,
    VapiError,
)
from contentlib.vapi.registry import Call, Endpoint, Gate
from contentlib.wire import messages
from contentlib.wire.dispatch import OperationAddress
from contentlib.wire.saml import token_in_head

TOKEN = "vmware-api-session-id"  # noqa: S105 - a header's and cookie's name, not a token
_HOST = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?\Z")

Refused = Callable[[str], Awaitable[None]]
"""Notes that the current call was refused with an error of a type."""
Pace = Callable[[str, str], object]
"""Raises a VapiError if a user, the first argument, calls an operation too often."""


async def unnoted(_error: str) -> None:
    """For servers that keep no record of refused calls."""


def unpaced(_user: str, _operation: str) -> None:
    """For servers without limits."""


@dataclass(frozen=True, slots=True)
class WireOptions:
    """Options of the wire forms: the server's URL, and how strictly requests and results are checked.

    With `check_answers`, each result is compared with its declared type before it is sent. `refused` notes refused calls.
    `pace` raises an error for a user who calls an operation too often.
    """

    public_url: str | None = None
    check_answers: bool = False
    strict: bool = False
    refused: Refused = unnoted
    pace: Pace = unpaced


class Calls:
    """Creates and runs calls. Errors raised by `run` can be shown to the caller."""

    def __init__(self, gate: Gate, *, bodies: Bodies, report: Report, options: WireOptions) -> None:
        self._pace = options.pace
        self._gate = gate
        self._bodies = bodies
        self._public_url = options.public_url.rstrip("/") if options.public_url else None
        self._report = report
        self._check_answers = options.check_answers
        self._refused = options.refused

    def of(self, request: Request) -> Call:
        """Creates the call of a request. Raises Unauthenticated if its credentials cannot be read."""
        headers = request.headers
        base_url = self._public_url or _base_url(request.scheme, headers.get("host", ""))
        token = token_of(request)
        if "authorization" not in headers:
            return Call(request.request_id, base_url, token, None, request.client, request.gone)
        credentials, bearer = _basic(headers["authorization"]), bearer_of(request)
        saml = token_in_head(request, (headers.get("host", ""), base_url.partition("://")[2].partition("/")[0]))
        return Call(request.request_id, base_url, token, credentials, request.client, request.gone, bearer=bearer, saml=saml)

    async def authenticate(self, call: Call, operation: Operation) -> None:
        """Sets the call's user; unauthenticated where the operation needs one. Comes before body and arguments."""
        call.operation = operation.id
        if not operation.anonymous:
            await self._gate.authenticate(call)

    async def due(self, request: Request, error: InvalidRequest) -> VapiError:
        """Returns the error of a request whose operation is unknown: the error itself, or a request to log in first.

        A caller without a session does not see errors in the request line.
        """
        try:
            await self._gate.authenticate(Call(request.request_id, "", token_of(request), bearer=bearer_of(request)))
        except Unauthenticated as refused:
            return refused
        return error

    async def knows(self, token: str | None, bearer: str | None = None) -> bool:
        """Whether a token is that of a live session, or else an API token is good."""
        try:
            await self._gate.authenticate(Call("", "", token, bearer=bearer))
        except Unauthenticated:
            return False
        return True

    async def body(self, request: Request, *, known: bool, vouch: Vouch | None = None) -> bytes:
        """Reads the whole body. Raises InvalidRequest or ServiceUnavailable if it is rejected.

        A GET has a body if it declares its length.
        """
        if request.method in ("GET", "HEAD") and "content-length" not in request.headers:
            return b""
        try:
            return await self._bodies.read(request, known=known, vouch=vouch)
        except BodyRefused as error:
            kind = ServiceUnavailable if error.status == 503 else InvalidRequest
            refused = kind(error.fault, status=error.status)
            refused.retry_after = error.retry_after
            raise refused from error

    async def run(self, request: Request, call: Call, endpoint: Endpoint, arguments: dict[str, Any]) -> Any:
        """Runs an operation. Undeclared errors become internal_server_error."""
        operation = endpoint.operation
        try:
            await self._gate.admit(call, operation, arguments)
            self._pace(call.user, operation.id)
            check_unions(operation, arguments)
            answer = await endpoint.handler(call, **arguments)
            if operation.shows is not None:
                answer = await self._gate.sift(call, operation, answer)
            if self._check_answers or operation.dynamic:
                check_answer(operation, answer)
            return answer
        except Disconnected:
            raise
        except Exception as error:
            known = error if isinstance(error, VapiError) else endpoint.translate(error, operation)
            if known is None or not operation.declares(type(known)):
                raise self.failed(request, operation.id, error) from error
            if known is error:
                raise
            if known.rest_status >= 500:  # what the server lacks is for its operator to see
                self._report(request, operation.id, error)
            raise known from error

    async def note(self, error: VapiError) -> None:
        """Notes the error that a caller hears if it refuses the call."""
        if isinstance(error, Unauthenticated | Unauthorized):
            await self._refused(error.name)

    def failed(self, request: Request, operation: str, error: Exception) -> VapiError:
        """Returns the error for a failure of the server, and logs the details. Without the database, no login is found."""
        self._report(request, operation, error)
        if isinstance(error, OSError):
            return ServiceUnavailable(storage_fault(error))
        return InternalServerError(messages.SERVER_FAILED(request=request.request_id))


def check_unions(operation: Operation, arguments: dict[str, Any]) -> None:
    """Refuses a field that does not belong to the case that its structure names."""
    for parameter in operation.tagged:
        found = union_flaw(arguments[parameter.name], parameter.type, parameter.name)
        if found is not None:
            raise InvalidArgument(found)


def check_answer(operation: Operation, answer: Any) -> None:
    """Refuses an answer that clients cannot read; an error in the server."""
    found = flaw(answer, operation.output, "result")
    if found is not None:
        raise TypeError(f"{operation.id}: {found.text}")


def token_of(request: Request) -> str | None:
    """The token of the login session that a request carries, in the header or in a cookie that counts."""
    token = request.headers.get(TOKEN)
    return cookie(request, TOKEN) if token is None else token


def call_of(request: Request) -> Call:
    """Returns the call of a request that calls no operation."""
    return Call(request.request_id, "", token_of(request), client=request.client, bearer=bearer_of(request))


def bearer_of(request: Request) -> str | None:
    """The API token that a request carries as `Authorization: Bearer`."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def check_cookie(request: Request, target: OperationAddress) -> None:
    """Unauthorized where a link alone, followed with a cookie, would change something."""
    operation = target.endpoint.operation
    if request.method in ("GET", "HEAD") and TOKEN not in request.headers and not (target.reads or operation.anonymous):
        raise Unauthorized(messages.GET_WITH_COOKIE(operation=operation.id, header=TOKEN))


@lru_cache(maxsize=256)
def _base_url(scheme: str, host: str) -> str:
    return f"{scheme}://{host if _HOST.match(host) else 'localhost'}"


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated(messages.BASIC_MALFORMED()) from error
    if not colon:
        raise Unauthenticated(messages.BASIC_MALFORMED())
    return name, password


def session_headers(request: Request, call: Call) -> Headers:
    """A session that the call has started, as a header and as a cookie, unless the client asked for none.

    A page of another site cannot log the browser in, which would then work in the name of whoever wrote that page.
    """
    if call.new_token is None or "vmware-use-header-authn" in request.headers:
        return []
    if is_foreign(request):
        return [(TOKEN, call.new_token)]
    secure = "; Secure" if call.base_url.startswith("https:") else ""  # as the client sees it, who may have a proxy before us
    kept = f"{TOKEN}={call.new_token}; Path=/; HttpOnly; SameSite=Strict{secure}"
    return [(TOKEN, call.new_token), ("set-cookie", kept)]


def error_headers(error: VapiError) -> Headers:
    """Returns the headers that an error adds to its response."""
    headers: Headers = []
    if isinstance(error, Unauthenticated):
        headers.append(("www-authenticate", error.challenge or 'Basic realm="contentlib"'))
    if error.allow is not None:
        headers.append(("allow", error.allow))
    return headers + retry_headers(error)


def retry_headers(error: VapiError) -> Headers:
    """Returns the Retry-After header of an error, if it has one."""
    return [] if error.retry_after is None else [("retry-after", str(error.retry_after))]


def content_kind(content_type: str | None, body: bytes) -> str:
    """Returns whether a body is json or xml, by its content type. Raises InvalidRequest with 415 for others.

    JSON is the default, also for the form type that curl always sends.
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind in ("", "application/json") or kind.endswith("+json"):
        return "json"
    if kind in ("application/xml", "text/xml"):
        return "xml"
    if _is_object(body):
        return "json"
    raise unknown_content_type(kind)


def unknown_content_type(kind: str) -> InvalidRequest:
    """The error for a content type that the form of the request does not know."""
    return InvalidRequest(messages.CONTENT_TYPE(type=kind), status=415)


def _is_object(body: bytes) -> bool:
    if not body.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(msgspec.json.decode(body), dict)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
