"""A client over `/rest` JSON that tells apart what was answered, what was refused, and what nobody knows."""

from __future__ import annotations

import base64
import itertools
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from crash.servers import NAME, PASSWORD

CONTENT = "/rest/com/vmware/content"
_SESSION = "/rest/com/vmware/cis/session"
_TOKEN = "vmware-api-session-id"


class Gone(Exception):
    """The connection broke: nobody knows whether the call was done."""


class Refused(Exception):
    """The server has not done it."""

    def __init__(self, call: str, answer: httpx.Response) -> None:
        super().__init__(f"{call} was answered with {answer.status_code} {answer.text[:500]}")
        self.status = answer.status_code
        self.text = answer.text
        try:
            self.type = str(answer.json()["value"]["error_type"])
        except (ValueError, KeyError, TypeError):
            self.type = ""


class Cut(Exception):
    """The client breaks off in the middle of its body."""


class Client:
    """Calls with a login session; an answer of the 5xx kind is a failed assertion, however it came about.

    Where it is `scattered`, every second call has a connection of its own, and so may reach another worker.
    """

    def __init__(self, url: str, token: str | None = None, *, scattered: bool = False) -> None:
        self.token = token
        self.last: list[str] = []
        common: dict[str, Any] = {"base_url": url, "timeout": 60, "verify": False, "trust_env": False}
        self._kept = httpx.AsyncClient(**common)  # its connection stays with one worker
        self._new = httpx.AsyncClient(**common, limits=httpx.Limits(max_keepalive_connections=0))
        self._calls = itertools.cycle((self._kept, self._new) if scattered else (self._kept,))

    async def close(self) -> None:
        """Closes all connections."""
        await self._kept.aclose()
        await self._new.aclose()

    async def log_in(self) -> str:
        """A new login session."""
        basic = base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
        answer = await self.send("POST", _SESSION, headers={"authorization": f"Basic {basic}", _TOKEN: ""})
        if answer.status_code != 200:
            raise Refused("login", answer)
        return str(answer.json()["value"])

    async def log_out(self, token: str) -> None:
        """Ends a login session."""
        answer = await self.send("DELETE", _SESSION, headers={_TOKEN: token})
        if answer.status_code != 200:
            raise Refused("logout", answer)

    async def is_logged_in(self, token: str) -> bool:
        """Whether a login session lives."""
        answer = await self.send("POST", f"{_SESSION}?~action=get", headers={_TOKEN: token})
        assert answer.status_code in (200, 401), answer.text
        return answer.status_code == 200

    async def call(self, method: str, target: str, body: object = None) -> Any:
        """The result of an operation below /rest/com/vmware/content; Refused or Gone."""
        answer = await self.send(method, CONTENT + target, json=body)
        if answer.status_code != 200:
            raise Refused(f"{method} {target}", answer)
        return answer.json()["value"] if answer.content else None

    async def send(self, method: str, target: str, **more: Any) -> httpx.Response:
        """The answer to a request; one of the 5xx kind is a failed assertion."""
        answer = await self.raw(method, target, **more)
        assert answer.status_code < 500, f"{self.last[-1]} {answer.text[:500]}"
        return answer

    async def raw(self, method: str, target: str, **more: Any) -> httpx.Response:
        """The answer to a request, whatever it is; an address of another life of the server is taken for one of this life."""
        parts = urlsplit(target)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {_TOKEN: self.token or "", **more.pop("headers", {})}
        note = f"{method} {target.removeprefix(CONTENT)[:120]}"
        self.last = [*self.last[-24:], f"{note} …"]
        try:
            answer = await next(self._calls).request(method, target, headers=headers, **more)
        except httpx.TimeoutException as error:
            raise AssertionError(f"{note} is not answered: {error!r}") from error
        except httpx.TransportError as error:
            raise Gone(f"{note}: {error!r}") from error
        self.last[-1] = f"{note} -> {answer.status_code}"
        return answer

    async def cut_off(self, target: str, data: bytes, headers: dict[str, str]) -> None:
        """Begins an upload and breaks off when a part of the bytes is sent."""

        async def body() -> AsyncIterator[bytes]:
            for start in range(0, len(data), 1 << 16):
                yield data[start : start + (1 << 16)]
            raise Cut

        try:
            await self.send("PUT", target, content=body(), headers=headers)
        except Cut:
            return
