"""Checks an installation from the client's side: name, certificate, proxy, clock, login, transfers and publish addresses."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.x509 import load_der_x509_certificate
from yarl import URL

from contentlib.client.connection import ServerConnection, presented, proxy_for, usable_url
from contentlib.client.exporting import Exporter
from contentlib.client.failures import Answered, ClientFailed
from contentlib.client.finding import NameFinder
from contentlib.client.importing import Importer
from contentlib.client.local import LocalFile, LocalItem
from contentlib.services.content_local_library import LocalLibraryService
from contentlib.services.contentlib_access_self import SelfService
from contentlib.services.contentlib_library_trash import TrashService
from contentlib.structures.library import LibraryModel

OK, WARNING, FAILED, SKIPPED = "ok", "warning", "failed", "skipped"
_SIZE = 1 << 20
_DAYS, _SECONDS = 30, 60


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check: what was found and, unless it is `ok`, what to change."""

    check: str
    state: str
    found: str
    advice: str = ""


class Silent:
    """Shows no progress."""

    def expect(self, count: int) -> None:
        """Shows nothing."""

    def advance(self, count: int) -> None:
        """Shows nothing."""


class Checks:
    """The checks of a server. After one that fails for the whole server, the others are skipped."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._url = usable_url(connection.profile.url)

    async def run(self) -> AsyncIterator[CheckResult]:
        """Runs all checks, in an order in which each needs those before it."""
        checks: dict[str, Callable[[], Awaitable[CheckResult]]] = {
            "name": self._name,
            "proxy": self._proxy,
            "certificate": self._certificate,
            "server": self._server,
            "clock": self._clock,
            "login": self._login,
            "transfer": self._transfer,
            "publishing": self._publishing,
        }
        stopped = ""
        for name, check in checks.items():
            if stopped:
                yield CheckResult(name, SKIPPED, f"because of {stopped}")
                continue
            try:
                result = await check()
            except (ClientFailed, OSError) as error:
                result = CheckResult(name, FAILED, str(error), _advice(name, error))
            yield result
            if result.state == FAILED and name not in ("transfer", "publishing"):
                stopped = name

    async def _name(self) -> CheckResult:
        if proxy_for(self._url) is not None:
            return CheckResult("name", SKIPPED, "the proxy looks it up")
        host, port = self._url.host or "", self._url.port or 443
        found = await asyncio.get_running_loop().getaddrinfo(host, port)
        return CheckResult("name", OK, f"{host} is {', '.join(sorted({str(each[4][0]) for each in found}))}")

    async def _proxy(self) -> CheckResult:
        proxy = proxy_for(self._url)
        if proxy is None:
            return CheckResult("proxy", OK, "none is used")
        shown = URL(proxy).with_user(None)
        return CheckResult("proxy", WARNING, f"requests pass {shown}", f"If they should not, add {self._url.host} to NO_PROXY.")

    async def _certificate(self) -> CheckResult:
        if self._url.scheme == "http":
            return CheckResult("certificate", WARNING, "the URL has no TLS", "Log in again with the https URL.")
        async with self._connection.exchange("GET", str(self._url.with_path("/healthz")), {}):
            pass  # raises NotTrusted
        if proxy_for(self._url) is not None:
            return CheckResult("certificate", OK, "trusted")
        thumbprint, der = await presented(self._url.host or "", self._url.port or 443)
        days = (load_der_x509_certificate(der).not_valid_after_utc - datetime.now(UTC)).days
        found = f"trusted, expires in {days} days, SHA-256 {thumbprint}"
        if days < _DAYS:
            return CheckResult("certificate", WARNING, found, "Renew it, and tell clients that compare the thumbprint.")
        return CheckResult("certificate", OK, found)

    async def _server(self) -> CheckResult:
        async with self._connection.exchange("GET", str(self._url.with_path("/readyz")), {}) as answer:
            text = (await answer.text(errors="replace"))[:200]
        if answer.status != 200:
            raise ClientFailed(f"/readyz answered {answer.status}: {text}")
        return CheckResult("server", OK, "ready")

    async def _clock(self) -> CheckResult:
        async with self._connection.exchange("GET", str(self._url.with_path("/healthz")), {}) as answer:
            date = answer.headers.get("date")
        if date is None:
            return CheckResult("clock", SKIPPED, "the server does not send its time")
        seconds = abs((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds())
        state, advice = (OK, "") if seconds < _SECONDS else (WARNING, "Set both clocks by NTP; single sign-on needs this.")
        return CheckResult("clock", state, f"{seconds:.0f} seconds apart", advice)

    async def _login(self) -> CheckResult:
        found = await self._connection.call(SelfService.get)
        return CheckResult("login", OK, f"{found.user}, with {len(found.privileges)} privileges on everything")

    async def _transfer(self) -> CheckResult:
        """Imports and exports 1 MiB, in a library that is removed afterwards."""
        spec = LibraryModel(name=f"contentlib doctor {uuid.uuid4()}")
        identifier = await self._connection.call(LocalLibraryService.create, client_token=None, create_spec=spec)
        try:
            with TemporaryDirectory(prefix="contentlib-") as directory:
                return await self._round_trip(await NameFinder(self._connection).library(identifier), Path(directory))
        finally:
            await self._connection.call(LocalLibraryService.delete, library_id=identifier)
            await self._connection.call(TrashService.purge, deleted_id=identifier)

    async def _round_trip(self, library: LibraryModel, directory: Path) -> CheckResult:
        path = directory / "contentlib-doctor.bin"
        path.write_bytes(hashlib.shake_256(os.urandom(32)).digest(_SIZE))
        began = time.monotonic()
        wanted = LocalItem(path.stem, None, (LocalFile(path.name, path, _SIZE),))
        await Importer(self._connection, Silent()).files(library, wanted)
        sent = time.monotonic()
        item = await NameFinder(self._connection).item(f"{library.id}/{path.stem}")
        await Exporter(self._connection, Silent()).item(item, directory / "read")
        read = time.monotonic()
        return CheckResult("transfer", OK, f"1 MiB sent in {sent - began:.2f} s, read in {read - sent:.2f} s, checksums match")

    async def _publishing(self) -> CheckResult:
        found = [each.publish_info for each in await NameFinder(self._connection).libraries() if each.publish_info]
        urls = [each.publish_url for each in found if each.published and each.publish_url]
        for url in urls:
            if usable_url(url).origin() != self._url.origin():
                return CheckResult(
                    "publishing",
                    WARNING,
                    f"subscribers are sent to {usable_url(url).origin()}, you use {self._url.origin()}",
                    "Set public_url to the address that clients reach.",
                )
            async with self._connection.exchange("GET", url, {}) as answer:
                if answer.status not in (200, 401):
                    raise ClientFailed(f"{url} answered {answer.status}")
        return CheckResult("publishing", OK, f"{len(urls)} published libraries can be read")


def _advice(check: str, error: Exception) -> str:
    """What to change if a check fails."""
    if isinstance(error, Answered):
        known = {
            "UNAUTHENTICATED": "Log in again.",
            "UNAUTHORIZED": "The check needs the privilege to create and delete a library; ask an administrator.",
        }
        if error.status == 413:
            return "Raise the limit of bodies at the reverse proxy; in nginx, client_max_body_size 0."
        return known.get(error.kind, "")
    return {
        "name": "Check the host in the URL, and the DNS server.",
        "certificate": "Log in again with --ca, or with --thumbprint after comparing it.",
        "server": "Check that the server runs, and what its log says.",
        "transfer": "Check that public_url is an address that this machine reaches, and the timeouts of a reverse proxy.",
        "publishing": "Set public_url to the address that subscribers reach.",
    }.get(check, "")
