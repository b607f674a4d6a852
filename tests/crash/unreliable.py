"""A client of a cluster whose parts are killed, which counts the requests that fail and when."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from crash.clients import Client, Gone

_PASSING = (502, 503, 504)
_SAFE = ("GET", "HEAD")


@dataclass
class Weather:
    """Whether all parts of a cluster run, and what came of the requests while they did."""

    calm_since: float | None = None
    store_away: float = 0.0
    """When the object store was away last."""
    requests: int = 0
    calm: int = 0
    failures: list[str] = field(default_factory=list)
    """Requests that failed although all parts ran."""
    failed: int = 0

    def is_calm(self, since: float) -> bool:
        """Whether all parts have run since then."""
        return self.calm_since is not None and self.calm_since <= since

    def check(self) -> None:
        """Less than one of a thousand requests has failed while all parts ran, and no safe one."""
        safe = [each for each in self.failures if each.startswith("safe")]
        assert safe == []
        assert len(self.failures) <= self.calm / 1000, self.failures


class UnreliableClient(Client):
    """A request that a balancer or node cannot answer now is one of which nobody knows whether it was done."""

    def __init__(self, url: str, token: str | None, weather: Weather) -> None:
        super().__init__(url, token, scattered=True)
        self._weather = weather

    async def raw(self, method: str, target: str, **more: Any) -> httpx.Response:
        weather, began = self._weather, time.monotonic()
        weather.requests += 1
        try:
            answer = await super().raw(method, target, **more)
        except (Gone, AssertionError) as error:
            self._count(began, method, str(error))
            raise Gone(str(error)) from error
        if answer.status_code in _PASSING or (answer.status_code in (400, 507) and b"s3://" in answer.content):
            told = f"{self.last[-1]} {answer.text[:300]}"
            self._count(began, method, told)
            raise Gone(told)
        self._count(began, method, "")
        return answer

    def _count(self, began: float, method: str, failure: str) -> None:
        """Counts a request of a time in which all parts ran."""
        if failure:
            self._weather.failed += 1
        if self._weather.is_calm(began):
            self._weather.calm += 1
            if failure:
                self._weather.failures.append(f"{'safe ' if method in _SAFE else ''}{failure}")
