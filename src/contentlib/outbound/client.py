"""Sends outbound requests within the outbound policy, and describes their errors.

The address that was checked is the address that is connected to: names are resolved by the policy's resolver. Redirects are
followed one by one and checked like the first URL. Behind a proxy, which resolves names itself, names and literal addresses are
checked.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yarl import URL

from contentlib import __version__
from contentlib.library.uris import check_host
from contentlib.messages import Fault
from contentlib.outbound import messages, problems
from contentlib.outbound.credentials import Credentials, within
from contentlib.outbound.policy import Forbidden, OutboundPolicy
from contentlib.outbound.problems import Problem, ProblemKind, RequestFailed

if TYPE_CHECKING:
    import aiohttp

    from contentlib.outbound.pins import Pin
else:

    class _Late:
        """aiohttp, imported at the first use. That takes a tenth of a second, which a start has not."""

        def __getattr__(self, name: str) -> Any:
            return getattr(importlib.import_module("aiohttp"), name)

    aiohttp = _Late()

_REDIRECTS = 5
_REDIRECTING = {301, 302, 303, 307, 308}
_USABLE = {200, 206, 416}
_CONDITIONS = {"if-none-match", "if-modified-since"}
_BUFFER = 1 << 20
_PLAIN = re.compile(r"[!-~]+")
_NO_TLS = "the server does not speak TLS; try http or another port"
_TLS = {
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "HTTP_REQUEST": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "UNEXPECTED_EOF_WHILE_READING": "closed during the TLS handshake",
    "UNSUPPORTED_PROTOCOL": "the server supports only obsolete versions of TLS",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server does not support TLS 1.2 or later",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server requires a client certificate, which is not supported",
}
_SECRET = re.compile(r"(?<=//)[^/?#]*@|[?#].*", re.DOTALL)

Sent = bytes | Mapping[str, str]
"""The body of a POST, or a form."""
Trusted = Callable[[], Awaitable[Iterable[str]]]


async def _nobody() -> Iterable[str]:
    return ()


class Outbound:
    """Sends requests to other servers. `timeout` is in seconds, for connecting and between two pieces of a response.

    `trusted` returns PEM certificates that are trusted in addition to the system's and those of `ca_bundle`.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        proxy: str | None = None,
        ca_bundle: Path | None = None,
        timeout: float = 60.0,
        trusted: Trusted = _nobody,
    ) -> None:
        self._policy = policy
        self._proxy = None if proxy is None else URL(proxy)
        self._ca_bundle = ca_bundle
        self._seconds = timeout
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._trusted = trusted
        self._context: tuple[frozenset[str], ssl.SSLContext] | None = None

    async def close(self) -> None:
        """Closes all connections. Can be called again."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
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
        """Sends a GET and returns the response if it is 200, 206, 416, or 304 for conditions. Follows redirects.

        Credentials, including those in the URL, are only sent to their own origin. Raises Failed with the cause if there is no
        response.
        """
        await _load()
        pin = _pin(uri, thumbprint, certificate)
        answer = await self._follow(_parsed(uri), headers or {}, pin, credentials)
        try:
            yield answer
        finally:
            answer.close()

    async def post(self, uri: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Sends a POST. Raises RequestFailed unless the response is 2xx; redirects are not followed."""
        url = _parsed(uri)
        given, url = within(url), url.with_user(None)
        told = {} if given is None else given.header(url)
        response = await self._answered(url, {**told, **headers}, None, _place(url, url), body)
        response.close()
        if not 200 <= response.status < 300:
            raise problems.status(_place(url, url), response.status)

    @asynccontextmanager
    async def send(
        self, uri: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> AsyncIterator[Answer]:
        """Sends a GET or, with a form, a POST, and returns the response whatever its status. Follows no redirects.

        For requests whose headers or form are secrets of the origin. Raises RequestFailed if there is no response.
        """
        url = _parsed(uri)
        place = _place(url, url)
        answer = Answer(await self._answered(url, headers or {}, None, place, form), url, place, self._seconds)
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
            response = await self._answered(url, {**headers, **told}, pin, _place(url, start))
            if response.status in usable:
                return Answer(response, url, _place(url, start), self._seconds)
            response.close()
            if response.status not in _REDIRECTING:
                raise problems.status(_place(url, start), response.status)
            url = _next(url, response, pin, _place(url, start))
        raise RequestFailed(
            Problem(ProblemKind.STATUS, messages.TOO_MANY_REDIRECTS(url=without_secrets(start), most=_REDIRECTS).text)
        )

    async def _answered(
        self, url: URL, headers: Mapping[str, str], pin: Pin | None, told: str, body: Sent | None = None
    ) -> aiohttp.ClientResponse:
        try:
            return await self._ask(url, headers, pin, body)
        except Forbidden as error:
            raise problems.policy(error.fault) from error
        except (aiohttp.ClientError, OSError) as error:  # OSError: TimeoutError too
            raise await self._failure(url, pin, error, told) from error

    async def _ask(
        self, url: URL, headers: Mapping[str, str], pin: Pin | None, body: Sent | None = None
    ) -> aiohttp.ClientResponse:
        self._policy.check_name(url.host or "")
        await _load()
        return await self._open(kept=body is None).request(
            "GET" if body is None else "POST",
            url,
            data=body,
            headers={"Accept": "*/*", "Accept-Encoding": "identity", **headers},
            allow_redirects=False,
            ssl=pin or (await self._trust() if url.scheme == "https" else True),
            proxy=self._proxy,
        )

    def _open(self, *, kept: bool) -> aiohttp.ClientSession:
        """The session whose connections are kept for a while, or the one whose are not.

        A kept connection may be closed by the other side just when it is used again. A GET is then sent again on a new one.
        """
        from contentlib.outbound.resolver import CheckedResolver

        session = self._sessions.get(kept)
        if session is None:
            resolver = CheckedResolver(self._policy, None if self._proxy is None else self._proxy.host)
            session = self._sessions[kept] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, limit=0, force_close=not kept, use_dns_cache=False),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._seconds, sock_read=self._seconds),
                headers={"User-Agent": f"contentlib/{__version__}"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=_BUFFER,
            )
        return session

    async def _trust(self) -> ssl.SSLContext:
        """Returns the trusted certificates. The system's are only read again when others are added or removed."""
        trusted = frozenset(await self._trusted())
        if self._context is None or self._context[0] != trusted:
            self._context = trusted, await asyncio.to_thread(_context, self._ca_bundle, trusted)
        return self._context[1]

    async def _failure(self, url: URL, pin: Pin | None, error: Exception, told: str) -> RequestFailed:
        """Describes an error that occurred before the response."""
        match error:
            case aiohttp.ServerFingerprintMismatch():
                return _other_certificate(told, pin)
            case aiohttp.ClientConnectorCertificateError():
                return await self._untrusted(url, error, told)
            case aiohttp.ClientConnectorDNSError():
                return problems.host_not_found(url.host or "", _said(error.os_error))
            case aiohttp.InvalidURL():
                return problems.url(told, "is not a valid URL")
        return _broken(told, self._seconds, error)

    async def _untrusted(self, url: URL, error: aiohttp.ClientConnectorCertificateError, told: str) -> RequestFailed:
        """The certificate does not verify; a second connection, that sends nothing, learns which one it is."""
        from contentlib.outbound.pins import nothing

        found = error.certificate_error
        why = getattr(found, "verify_message", None) or "verification failed"
        pin = nothing()
        with suppress(aiohttp.ClientError, OSError, Forbidden):  # it is what the pin met that matters
            (await self._ask(url, {}, pin)).close()
        return _untrusted(told, why, pin.met)


async def _load() -> None:
    """Imports aiohttp in a thread, so that other requests are answered meanwhile."""
    if "contentlib.outbound.resolver" not in sys.modules:
        await asyncio.to_thread(importlib.import_module, "contentlib.outbound.resolver")


class Answer:
    """An answer whose bytes have not been read yet; `uri` is where the redirects led to."""

    def __init__(self, response: aiohttp.ClientResponse, url: URL, told: str, seconds: float) -> None:
        self._response = response
        self._told = told
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
        """Ends the connection, unless all bytes were read."""
        self._response.close()


def without_secrets(url: URL) -> str:
    """Removes credentials, query and fragment from a URL, which may be secrets, for messages and logs."""
    return str(url.with_user(None).with_query(None).with_fragment(None)) if url.absolute else str(url)


def _place(url: URL, start: URL) -> str:
    """Describes the target of a request. For targets of redirects only the host, because a publisher wrote the rest."""
    if url.with_user(None) == start.with_user(None):
        return without_secrets(start)
    return f"{url.origin()} (redirected from {without_secrets(start)})"


def _context(bundle: Path | None, trusted: Iterable[str]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if bundle is not None:
        context.load_verify_locations(bundle)
    for each in trusted:
        with suppress(ssl.SSLError):  # one that OpenSSL cannot read makes none of the others less trusted
            context.load_verify_locations(cadata=each)
    return context


def _told(uri: str) -> str:
    """Like `shown`, for text that may not be a URL."""
    return _SECRET.sub("", uri)[:200]


def _parsed(uri: str) -> URL:
    try:
        url = URL(check_host(uri), encoded=_PLAIN.fullmatch(uri) is not None)
        host, port = url.host, url.port
        (url.raw_host or "").encode("idna")  # as the resolver will
    except ValueError as error:
        raise problems.url(_told(uri), "is not a valid URL") from error
    if url.scheme not in ("http", "https"):
        raise problems.url(without_secrets(url)[:200], "is not an http or https URL")
    if not host or not port:
        raise problems.url(without_secrets(url)[:200], "has no host")
    return url


def _next(url: URL, response: aiohttp.ClientResponse, pin: Pin | None, told: str) -> URL:
    """Returns the target of a redirect. A pinned URL cannot redirect away from TLS, which cannot be pinned."""
    location = response.headers.get("location")
    if not location:
        raise RequestFailed(
            Problem(ProblemKind.STATUS, messages.REDIRECT_WITHOUT_TARGET(url=told).text, status=response.status)
        )
    try:
        encoded = _PLAIN.fullmatch(location) is not None
        found = _parsed(str(url.join(URL(check_host(location), encoded=encoded))))
    except (ValueError, RequestFailed) as error:
        raise problems.url(told, "redirects to something that is not an http or https URL") from error
    if pin is not None and url.scheme == "https" and found.scheme != "https":
        raise problems.policy(messages.LEAVES_TLS(url=told, target=str(found.origin())))
    return found


def _pin(uri: str, thumbprint: str | None, certificate: str | None) -> Pin | None:
    from contentlib.outbound.pins import BadPin, pin_of

    try:
        return pin_of(thumbprint, certificate)
    except BadPin as error:
        field = "ssl_certificate" if certificate else "ssl_certificate_thumbprint"
        raise problems.bad_pin(without_secrets(_parsed(uri)), field, str(error)) from error


_ADVICE = "set one of them with the URL, or trust the signing authority (content/trusted-certificates or outbound_ca_bundle)"


def _other_certificate(told: str, pin: Pin | None) -> RequestFailed:
    if pin is None or pin.met is None:
        return RequestFailed(Problem(ProblemKind.CERTIFICATE, messages.OTHER_CERTIFICATE(url=told).text))
    sha1, sha256 = _thumbprints(pin.met)
    return _met(messages.OTHER_CERTIFICATE_MET(url=told, sha1=sha1, sha256=sha256, advice=_ADVICE), pin.met)


def _untrusted(told: str, why: str, met: bytes | None) -> RequestFailed:
    if met is None:
        return RequestFailed(Problem(ProblemKind.CERTIFICATE, messages.UNTRUSTED(url=told, reason=why).text))
    sha1, sha256 = _thumbprints(met)
    return _met(messages.UNTRUSTED_MET(url=told, reason=why, sha1=sha1, sha256=sha256, advice=_ADVICE), met)


def _thumbprints(certificate: bytes) -> tuple[str, str]:
    from contentlib.outbound.pins import thumbprint_of

    return thumbprint_of(certificate), thumbprint_of(certificate, "sha256")


def _met(fault: Fault, certificate: bytes) -> RequestFailed:
    pem, (sha1, _) = ssl.DER_cert_to_PEM_cert(certificate), _thumbprints(certificate)
    return RequestFailed(Problem(ProblemKind.CERTIFICATE, fault.text, thumbprint=sha1, certificate=pem))


def _broken(told: str, seconds: float, error: Exception) -> RequestFailed:
    """Describes a connection error. Data sent by the other side is not repeated, because it may be confidential."""
    match error:
        case TimeoutError():
            return problems.timed_out(told, seconds)
        case aiohttp.ClientConnectorError():
            return problems.connection(told, _said(error.os_error))
        case aiohttp.ClientHttpProxyError():
            return problems.connection(told, f"the proxy answered {error.status}")
        case aiohttp.ClientResponseError():
            return problems.connection(told, "the response is not HTTP")
        case aiohttp.ClientPayloadError():
            return problems.connection(told, "closed before all bytes were received")
        case aiohttp.ServerDisconnectedError():
            return problems.connection(told, "closed without a response")
        case OSError():
            return problems.connection(told, _said(error))
    return problems.connection(told, "connection lost")


def _said(error: OSError) -> str:
    """Returns the system's message for an error, which asyncio, the resolver and OpenSSL replace by their own."""
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or "UNKNOWN_REASON"
        return _TLS.get(reason, f"TLS handshake failed ({reason.replace('_', ' ').lower()})")
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or "connection lost"
