"""Calls operations of a server, and sends and receives files, over one pool of connections."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from contentlib import __version__
from contentlib.client.failures import Answered, ClientFailed, NotReached, NotTrusted, answered, printable
from contentlib.client.patience import Patience
from contentlib.client.profiles import Profile
from contentlib.client.requests import ApiRequest, Declared, Given, Result, operation_of, request_of, value_of
from contentlib.outbound.pins import BadPin, pin_of, thumbprint_of
from contentlib.vapi.declare import Operation

CHUNK = 1 << 20
_BRIEF_SECONDS = 1.0
_CONNECT_SECONDS = 15.0
_SILENT_SECONDS = 90.0
_WORKING_SECONDS = 300.0
_BUSY = (429, 503)
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class ServerConnection:
    """A connection to the server of a profile, with its credentials.

    A call that is safe to repeat is sent again until the server has not answered for `patience` seconds. A server that has
    never answered is not waited for.
    """

    def __init__(self, profile: Profile, patience: float = 300.0) -> None:
        self.profile = profile
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None
        self._answered = False

    async def __aenter__(self) -> ServerConnection:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust_of(self.profile), limit=32),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"contentlib/{__version__}"},
            read_bufsize=CHUNK,
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()

    def patience(self) -> Patience:
        """The patience for one transfer or call."""
        return Patience(self._patience if self._answered else min(_BRIEF_SECONDS, self._patience))

    async def call(self, method: Declared[Given, Result], *_: Given.args, **arguments: Given.kwargs) -> Result:
        """Calls an operation by the method that declares it, with the method's named parameters and result."""
        result: Result = await self.call_by_name(operation_of(method), arguments)
        return result

    async def begin(self, method: Declared[Given, Any], *_: Given.args, **arguments: Given.kwargs) -> str:
        """Starts an operation as a task, and returns the identifier of the task."""
        body = await self.send(request_of(operation_of(method), arguments, task=True))
        task = body.decode(errors="replace").strip().strip('"')
        if not task or not task.isprintable():
            raise ClientFailed("the server did not return the identifier of a task")
        return task

    async def call_by_name(self, operation: Operation, arguments: dict[str, Any]) -> Any:
        """Calls an operation that is known by its declaration only."""
        return value_of(operation, await self.send(request_of(operation, arguments)))

    async def send(self, request: ApiRequest) -> bytes:
        """Sends a request of the API, again if necessary, and returns the body of the answer."""
        patience = self.patience()
        while True:
            try:
                return await self._sent(request)
            except NotReached as error:
                if (error.sent and not request.repeatable) or not await patience.again():
                    raise
            except Answered as error:
                if error.status not in _BUSY or not await patience.again(error.after):
                    raise

    async def _sent(self, request: ApiRequest) -> bytes:
        url = self.profile.url.rstrip("/") + request.target
        headers = self.credentials() | request.headers | {"Content-Type": "application/json"}
        async with self.exchange(request.method, url, headers, request.body, silent=_WORKING_SECONDS) as answer:
            body = await answer.read()
            if answer.status >= 300:
                raise answered(answer.status, body, answer.headers.get("retry-after"))
            return body

    def credentials(self) -> dict[str, str]:
        """The headers that log the user in."""
        if self.profile.token is not None:
            return {"Authorization": f"Bearer {self.profile.token}"}
        return {} if self.profile.session is None else {"vmware-api-session-id": self.profile.session}

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None = None,
        *,
        silent: float = _SILENT_SECONDS,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Sends one request, once, without the user's credentials. Failures of the line become NotReached or NotTrusted.

        The server may be silent for `silent` seconds, before its answer and within it.
        """
        if self._session is None:
            raise RuntimeError("the connection is not open")
        address = usable_url(url)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=silent)
        try:
            async with self._session.request(
                method, address, headers=headers, data=body, allow_redirects=False, proxy=proxy_for(address), timeout=timeout
            ) as answer:
                self._answered = True
                yield answer
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            raise _not_trusted(str(address.origin()), error) from error
        except aiohttp.ServerFingerprintMismatch as error:
            raise NotTrusted(
                f"certificate of {address.origin()} is not the expected one, its digest is {error.got.hex().upper()}; "
                "if it was renewed, log in again with the new --thumbprint"
            ) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError) as error:
            why = printable(str(error) or type(error).__name__)
            raise NotReached(f"no answer from {address.origin()}: {why}", sent=not isinstance(error, _NOT_SENT)) from error


def usable_url(url: str) -> URL:
    """A URL of HTTP or HTTPS. Raises ClientFailed for others."""
    try:
        found = URL(url, encoded=True)
        if found.scheme in ("http", "https") and found.host and found.port:
            return found
        why = "expected https://HOST[:PORT]"
    except ValueError as error:
        why = str(error)
    raise ClientFailed(f"URL {printable(url)[:200]!r} is not usable: {why}")


def proxy_for(url: URL) -> str | None:
    """The proxy of the environment for a URL. Not read by aiohttp, which would also send what ~/.netrc has for the host."""
    return None if proxy_bypass(url.host or "") else getproxies().get(url.scheme)


def trust_of(profile: Profile) -> ssl.SSLContext | aiohttp.Fingerprint:
    """How the certificate of a profile's server is verified. Raises ClientFailed if this is not usable."""
    try:
        pin = pin_of(profile.thumbprint, None)
    except BadPin as error:
        raise ClientFailed(f"--thumbprint {error}") from error
    if pin is not None:
        return pin
    context = ssl.create_default_context()
    if profile.ca is not None:
        try:
            context.load_verify_locations(profile.ca)
        except (OSError, ssl.SSLError) as error:
            raise ClientFailed(f"certificates in {profile.ca} cannot be read: {error}") from error
    return context


def _not_trusted(url: str, error: Exception) -> NotTrusted:
    cause = error.__cause__ or error
    why = getattr(cause, "verify_message", "") or getattr(cause, "reason", None) or str(error)
    return NotTrusted(
        f"certificate of {url} cannot be verified: {printable(str(why))}; "
        "log in with --ca FILE or, after comparing it, with --thumbprint HEX"
    )


async def presented(host: str, port: int) -> tuple[str, bytes]:
    """The SHA-256 thumbprint and the certificate that a server presents, without verifying it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with asyncio.timeout(_CONNECT_SECONDS):
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return thumbprint_of(certificate, "sha256"), certificate
    finally:
        writer.close()
