"""The one client for requests of the server's own: it goes where the policy lets it, and says what went wrong.

The address that is checked is the address that is connected to: names are resolved by the policy's own resolver. Redirects
are followed by hand, and each of them is checked like the first address. Behind a proxy, which resolves by itself, names and
literal addresses are checked.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from contentlib import __version__
from contentlib.outbound import problems
from contentlib.outbound.credentials import Credentials, within
from contentlib.outbound.pins import BadPin, Pin, nothing, pin_of, thumbprint_of
from contentlib.outbound.policy import Forbidden, Policy
from contentlib.outbound.problems import Failed, Kind, Problem

_REDIRECTS = 5
_REDIRECTING = {301, 302, 303, 307, 308}
_USABLE = {200, 206, 416}
_CONDITIONS = {"if-none-match", "if-modified-since"}
_BUFFER = 1 << 20
_PLAIN = re.compile(r"[!-~]+")
_SECRET = re.compile(r"(?<=//)[^/?#]*@|[?#].*", re.DOTALL)


class Outbound:
    """Asks other servers; `timeout` is in seconds, for connecting and between two pieces of an answer."""

    def __init__(
        self, policy: Policy, *, proxy: str | None = None, ca_bundle: Path | None = None, timeout: float = 60.0
    ) -> None:
        self._policy = policy
        self._proxy = None if proxy is None else URL(proxy)
        self._ca_bundle = ca_bundle
        self._seconds = timeout
        self._session: aiohttp.ClientSession | None = None
        self._context: ssl.SSLContext | None = None

    async def close(self) -> None:
        """Ends all connections; a second time is no error."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def get(
        self,
        uri: str,
        headers: Mapping[str, str] | None = None,
        *,
        thumbprint: str | None = None,
        certificate: str | None = None,
        credentials: Credentials | None = None,
    ) -> AsyncIterator[Answer]:
        """The answer to a GET, when it is 200, 206 or 416, or 304 to conditions; redirects are followed.

        Credentials go to their own origin only, also those in the address. Failed says why there is no answer.
        """
        pin = _pin(uri, thumbprint, certificate)
        answer = await self._follow(_parsed(uri), headers or {}, pin, credentials)
        try:
            yield answer
        finally:
            answer.close()

    async def _follow(self, start: URL, headers: Mapping[str, str], pin: Pin | None, given: Credentials | None) -> Answer:
        url, usable = start, _USABLE | ({304} if _CONDITIONS & {name.lower() for name in headers} else set())
        for _ in range(_REDIRECTS + 1):
            given = given or within(url)
            url = url.with_user(None)
            told = {} if given is None else given.header(url)
            response = await self._answered(url, {**headers, **told}, pin)
            if response.status in usable:
                return Answer(response, url, self._seconds)
            response.close()
            if response.status not in _REDIRECTING:
                raise problems.status(shown(url), response.status, response.reason)
            url = _next(url, response, pin)
        raise Failed(Problem(Kind.STATUS, f"{shown(start)} redirects more than {_REDIRECTS} times"))

    async def _answered(self, url: URL, headers: Mapping[str, str], pin: Pin | None) -> aiohttp.ClientResponse:
        try:
            return await self._ask(url, headers, pin)
        except Forbidden as error:
            raise problems.policy(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:  # OSError: TimeoutError too
            raise await self._failure(url, pin, error) from error

    async def _ask(self, url: URL, headers: Mapping[str, str], pin: Pin | None) -> aiohttp.ClientResponse:
        self._policy.check_name(url.host or "")
        return await self._open().get(
            url,
            headers={"Accept": "*/*", "Accept-Encoding": "identity", **headers},
            allow_redirects=False,
            ssl=pin or True,
            proxy=self._proxy,
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            seconds = self._seconds
            resolver = _CheckedResolver(self._policy, None if self._proxy is None else self._proxy.host)
            connector = aiohttp.TCPConnector(
                resolver=resolver, ssl=self._trust(), limit=0, force_close=True, use_dns_cache=False
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds),
                headers={"User-Agent": f"contentlib/{__version__}"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=_BUFFER,
            )
        return self._session

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
            if self._ca_bundle is not None:
                self._context.load_verify_locations(self._ca_bundle)
        return self._context

    async def _failure(self, url: URL, pin: Pin | None, error: Exception) -> Failed:
        """What an error before the answer means."""
        match error:
            case aiohttp.ServerFingerprintMismatch():
                return _other_certificate(shown(url), pin)
            case aiohttp.ClientConnectorCertificateError():
                return await self._untrusted(url, error)
            case aiohttp.ClientConnectorDNSError():
                return problems.host_not_found(url.host or "", _said(error.os_error))
            case aiohttp.InvalidURL():
                return problems.url(shown(url), "is no address")
        return _broken(shown(url), self._seconds, error)

    async def _untrusted(self, url: URL, error: aiohttp.ClientConnectorCertificateError) -> Failed:
        """The certificate does not verify; a second connection, that sends nothing, learns which one it is."""
        found = error.certificate_error
        why = getattr(found, "verify_message", None) or str(found)
        pin = nothing()
        with suppress(aiohttp.ClientError, OSError, Forbidden):  # it is what the pin met that matters
            (await self._ask(url, {}, pin)).close()
        return _certificate_problem(f"the certificate of {shown(url)} is not trusted: {why}", pin.met)


class Answer:
    """An answer whose bytes have not been read yet; `uri` is where the redirects led to."""

    def __init__(self, response: aiohttp.ClientResponse, url: URL, seconds: float) -> None:
        self._response = response
        self._told = shown(url)
        self._seconds = seconds
        self.status = response.status
        self.uri = str(url)
        self.headers: Mapping[str, str] = response.headers

    async def read(self) -> bytes:
        """The bytes that have come since, up to about 2 MiB; empty at the end. Failed when the connection broke before it."""
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise _broken(self._told, self._seconds, error) from error

    def close(self) -> None:
        """Ends the connection."""
        self._response.close()


class _CheckedResolver(AbstractResolver):
    """Resolves names, and hands out only addresses that may be gone to; the proxy's own are the operator's choice."""

    def __init__(self, policy: Policy, proxy: str | None) -> None:
        self._policy = policy
        self._proxy = proxy
        self._names = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """The addresses of a name; Forbidden when there is none that may be gone to."""
        found = await self._names.resolve(host, port, family)
        if host == self._proxy:
            return found
        allowed, refusal = [], None
        for each in found:
            try:
                self._policy.check(host, ipaddress.ip_address(each["host"]))
                allowed.append(each)
            except Forbidden as error:
                refusal = error
        if refusal is not None and not allowed:
            raise refusal
        return allowed

    async def close(self) -> None:
        """Lets go of the resolver."""
        await self._names.close()


def shown(url: URL) -> str:
    """An address as it may be told and logged: without credentials, query and fragment, which may be secrets."""
    return str(url.with_user(None).with_query(None).with_fragment(None)) if url.absolute else str(url)


def _told(uri: str) -> str:
    """A text that may be no address, as `shown` tells one."""
    return _SECRET.sub("", uri)[:200]


def _parsed(uri: str) -> URL:
    try:
        url = URL(uri, encoded=_PLAIN.fullmatch(uri) is not None)
        host, port = url.host, url.port
        (url.raw_host or "").encode("idna")  # as whoever resolves it will
    except ValueError as error:
        raise problems.url(_told(uri), f"is no address: {error}") from error
    if url.scheme not in ("http", "https"):
        raise problems.url(shown(url)[:200], "is no http or https address")
    if not host or not port:
        raise problems.url(shown(url)[:200], "names no host")
    return url


def _next(url: URL, response: aiohttp.ClientResponse, pin: Pin | None) -> URL:
    """Where a redirect leads to; a pinned address does not lead away from TLS, where nothing could be pinned."""
    location = response.headers.get("location")
    if not location:
        raise Failed(Problem(Kind.STATUS, f"{shown(url)} redirects to nowhere", status=response.status))
    try:
        joined = url.join(URL(location, encoded=_PLAIN.fullmatch(location) is not None))
    except ValueError as error:
        raise problems.url(_told(location), f"is where {shown(url)} redirects to, and is no address: {error}") from error
    found = _parsed(str(joined))
    if pin is not None and url.scheme == "https" and found.scheme != "https":
        raise problems.policy(f"{shown(url)} redirects to {shown(found)}, where its certificate cannot be checked")
    return found


def _pin(uri: str, thumbprint: str | None, certificate: str | None) -> Pin | None:
    try:
        return pin_of(thumbprint, certificate)
    except BadPin as error:
        name = "ssl_certificate" if certificate else "the thumbprint"
        raise problems.url(shown(_parsed(uri)), f"cannot be asked: {name} {error}") from error


def _other_certificate(told: str, pin: Pin | None) -> Failed:
    return _certificate_problem(f"{told} shows another certificate than the one that was given", pin.met if pin else None)


def _certificate_problem(sentence: str, met: bytes | None) -> Failed:
    if met is None:
        return Failed(Problem(Kind.CERTIFICATE, sentence))
    thumbprints = f"its SHA-1 thumbprint is {thumbprint_of(met)}, its SHA-256 thumbprint {thumbprint_of(met, 'sha256')}"
    pem = ssl.DER_cert_to_PEM_cert(met)
    return Failed(Problem(Kind.CERTIFICATE, f"{sentence}; {thumbprints}", thumbprint=thumbprint_of(met), certificate=pem))


def _broken(told: str, seconds: float, error: Exception) -> Failed:
    """What an error of a connection means."""
    match error:
        case TimeoutError():
            return problems.timed_out(told, seconds)
        case aiohttp.ClientConnectorError():
            return problems.connection(told, _said(error.os_error))
        case aiohttp.ClientPayloadError():
            return problems.connection(told, "it broke before all bytes were there")
        case aiohttp.ServerDisconnectedError():
            return problems.connection(told, "it was closed without an answer")
    return problems.connection(told, str(error) or type(error).__name__)


def _said(error: OSError) -> str:
    """What the system says of an error; asyncio and the resolver put other words in its place."""
    if error.errno is not None and error.errno > 0 and not isinstance(error, ssl.SSLError):
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__
