"""Reads JSON documents of identity providers: bounded in size and time, without redirects."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from contentlib.outbound.client import Outbound
from contentlib.outbound.problems import RequestFailed

_MOST_BYTES = 1 << 20
_SECONDS = 10.0


class ProviderFailed(Exception):
    """A provider gives no usable answer; the message says why."""


class Documents:
    """Requests to one provider. None takes longer than `seconds`, however slowly the provider answers."""

    def __init__(self, outbound: Outbound, seconds: float = _SECONDS) -> None:
        self._outbound = outbound
        self._seconds = seconds

    async def read(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at a URL. Raises ProviderFailed for any other answer."""
        status, found = await self.exchange(url, headers)
        if status != 200:
            raise ProviderFailed(f"{_place(url)} answered {status}")
        return found

    async def exchange(
        self, url: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of the answer to a GET or, with a form, to a POST."""
        status, data = await self.exchange_bytes(url, headers, form)
        return status, _object(url, data, status)

    async def exchange_bytes(
        self, url: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """As `exchange`, for an answer of any kind."""
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._outbound.send(url, {"Accept": "application/json", **(headers or {})}, form) as answer,
            ):
                data = bytearray()
                while piece := await answer.read():
                    data += piece
                    if len(data) > _MOST_BYTES:
                        raise ProviderFailed(f"{_place(url)} answered more than {_MOST_BYTES} bytes")
                return answer.status, bytes(data)
        except RequestFailed as error:
            raise ProviderFailed(str(error)) from error
        except TimeoutError as error:
            raise ProviderFailed(f"{_place(url)} did not answer within {self._seconds:g} seconds") from error

    async def close(self) -> None:
        """Closes the connections."""
        await self._outbound.close()


def _object(url: str, data: bytes, status: int) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        found = None  # such as the page of a proxy
    if isinstance(found, dict):
        return found
    raise ProviderFailed(f"{_place(url)} answered no JSON object" if status == 200 else f"{_place(url)} answered {status}")


def _place(url: str) -> str:
    """A URL of a provider, in a message."""
    return url.partition("?")[0][:200]
