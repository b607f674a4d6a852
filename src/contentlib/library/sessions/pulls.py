"""Manages pulls: files that the server fetches, and the URLs that it may fetch from."""

from __future__ import annotations

import enum
import re
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from contentlib.library.errors import Fault, Invalid
from contentlib.library.messages import NOT_A_CERTIFICATE, SOURCE_UNUSABLE, TOO_LONG
from contentlib.library.model import SourceEndpoint, TaskTarget, UpdateFile, UpdateSession
from contentlib.library.packages.signatures import LONGEST_PEM, read_pem
from contentlib.library.ports import Transaction
from contentlib.library.sessions import messages
from contentlib.library.signals import unheard
from contentlib.library.tasks import NewTask, Tasks
from contentlib.library.uris import check_host

KIND = "pull"
SERVICE = "com.vmware.content.library.item.updatesession.file"
OPERATION = "add"
_PASSWORD = re.compile(r"(?<=://)([^/?#:@]*):[^/?#]*@")
_THUMBPRINT = re.compile("[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}")
_SEPARATORS = re.compile(r"[\s:]")
LONGEST_PIN = 200
LOCAL_SCHEMES = ("file", "ds")

CheckSource = Callable[[str], Awaitable[str | None]]
"""Returns why a URL cannot be fetched, as the end of a sentence; None if it can."""


class Remembered(msgspec.Struct, frozen=True):
    """The publisher's metadata of the received bytes, for resuming."""

    etag: str | None = None
    modified: str | None = None
    total: int | None = None


class PullArguments(msgspec.Struct, frozen=True):
    """Arguments of a pull."""

    session: str
    file: str
    seen: Remembered = Remembered()


class ProbeStatus(enum.Enum):
    """Result of a probe."""

    SUCCESS = "SUCCESS"
    INVALID_URL = "INVALID_URL"
    TIMED_OUT = "TIMED_OUT"
    HOST_NOT_FOUND = "HOST_NOT_FOUND"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    CERTIFICATE_ERROR = "CERTIFICATE_ERROR"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"


class Probed(msgspec.Struct, frozen=True):
    """The answer to a probe; thumbprint (SHA-1) and certificate (PEM) are those that were met where they are the problem."""

    status: ProbeStatus
    fault: Fault | None = None
    thumbprint: str | None = None
    certificate: str | None = None


class Prober(Protocol):
    """Checks whether a file could be fetched."""

    async def probe(self, endpoint: SourceEndpoint) -> Probed:
        """Probes a URL without fetching the file."""


def scheme_of(uri: str) -> str:
    """Returns the scheme of a URL in lower case; empty if there is none."""
    scheme, colon, _ = uri.partition(":")
    return scheme.strip().lower() if colon else ""


def only_http(uri: str) -> str | None:
    """Accepts http and https only."""
    scheme = scheme_of(uri)
    if scheme in ("http", "https"):
        return _unusable_host(uri)
    return f"has the unsupported scheme {scheme[:20]!r}; use http or https"


async def takes_http(uri: str) -> str | None:
    """Checks sources when only HTTP is available."""
    return only_http(uri)


def _unusable_host(uri: str) -> str | None:
    try:
        check_host(uri)
    except ValueError as error:
        return f"is not a usable URL: {error}"
    return None


async def check_endpoint(field: str, endpoint: SourceEndpoint | None, check: CheckSource) -> SourceEndpoint:
    """Returns the endpoint of a file to fetch. Raises Invalid if it is missing or cannot be fetched."""
    if endpoint is None or not endpoint.uri:
        raise Invalid(messages.REQUIRED_FOR_PULL(field=field))
    why = await check(endpoint.uri)
    if why is not None:
        raise Invalid(SOURCE_UNUSABLE(field=f"{field}.uri", problem=why))
    _check_length(f"{field}.ssl_certificate_thumbprint", endpoint.thumbprint, LONGEST_PIN)
    _check_length(f"{field}.ssl_certificate", endpoint.certificate, LONGEST_PEM)
    if endpoint.thumbprint and not _THUMBPRINT.fullmatch(_SEPARATORS.sub("", endpoint.thumbprint)):
        raise Invalid(messages.NOT_A_THUMBPRINT(field=f"{field}.ssl_certificate_thumbprint"))
    if endpoint.certificate and not read_pem(endpoint.certificate):
        raise Invalid(NOT_A_CERTIFICATE(field=f"{field}.ssl_certificate"))
    return endpoint


class PullTasks:
    """Decides what may be fetched (`check_source`) and submits the tasks; `submitted` is called for each."""

    def __init__(self, tasks: Tasks, check_source: CheckSource = takes_http, submitted: Callable[[], object] = unheard) -> None:
        self._tasks = tasks
        self._check_source = check_source
        self._submitted = submitted

    async def check(self, endpoint: SourceEndpoint | None) -> SourceEndpoint:
        """Returns the endpoint of a file to fetch. Raises Invalid if it is missing or cannot be fetched."""
        return await check_endpoint("file_spec.source_endpoint", endpoint, self._check_source)

    async def submit(self, transaction: Transaction, session: UpdateSession, file: UpdateFile, parent: str | None) -> str:
        """Adds the task that fetches a file, and answers its identifier."""
        return (await self._tasks.submit(transaction, pull_of(session, file, parent))).id

    def wake(self) -> None:
        """Has the tasks begun that were submitted, once they are committed."""
        self._submitted()


def without_password(uri: str) -> str:
    """Returns a URL for callers: with the user name, without the password."""
    return _PASSWORD.sub(r"\1@", uri, count=1)


def _check_length(field: str, text: str | None, most: int) -> None:
    if text is not None and len(text) > most:
        raise Invalid(TOO_LONG(field=field, length=len(text), most=most))


def pull_of(session: UpdateSession, file: UpdateFile, parent: str | None = None) -> NewTask:
    """The task that fetches a file."""
    arguments = PullArguments(file.session, file.id)
    return NewTask(
        kind=KIND,
        service=SERVICE,
        operation=OPERATION,
        description=messages.PULL(name=file.name, session=session.id),
        user=session.user,
        arguments=msgspec.json.encode(arguments).decode(),
        target=TaskTarget("com.vmware.content.library.Item", session.item),
        parent=parent,
    )
