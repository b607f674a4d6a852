"""The rows of the table on worker processes: what a request costs when several of them share the work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import load, servers
from bench.place import Place, Stocked, stocked
from bench.results import Goal, Row, compare, microseconds, milliseconds

_CONNECTIONS = 64
_SECONDS = 4
_TICKS = os.sysconf("SC_CLK_TCK")


def workers(place: Place) -> Iterator[Row]:
    """Processor time for a request with two workers, held against that with one; how long creations take with two and eight.
    wrk with one thread and 64 connections."""
    with ExitStack() as stack:
        one, two, eight = (_several(stack, place, count) for count in (1, 2, 8))
        for what, choose in (("GET a download session", Stocked.gets), ("create a download session", Stocked.creations)):
            measures = [_Cost(each, choose(each)) for each in (two, one)]
            goal = Goal(1.35, at_most=True)
            yield compare(f"{what}, two workers", "one worker", goal, microseconds, *(each.processor for each in measures))
        counts = _Cost(two, two.creations()).counts()
        goal = Goal(20, " ms", at_most=True)
        yield Row("create, two workers, 99 of 100 within", milliseconds(counts.p99_ms), "", "", counts.p99_ms, goal)
        counts = _Cost(eight, eight.creations()).counts()
        goal = Goal(500, " ms", at_most=True)
        yield Row("create, eight workers, slowest", milliseconds(counts.most_ms), "", "", counts.most_ms, goal)


def _several(stack: ExitStack, place: Place, count: int) -> Stocked:
    more = {"CONTENTLIB_WORKERS": str(count)}
    return stocked(stack.enter_context(servers.contentlib(place.new("contentlib"), more=more)), place)


@dataclass(frozen=True, slots=True)
class _Cost:
    stock: Stocked
    requests: list[load.Request]

    def counts(self) -> load.Counts:
        stock = self.stock
        return load.counts(stock.server.url, stock.client.token, self.requests, _SECONDS, stock.scratch, _CONNECTIONS)

    def processor(self) -> float:
        """The microseconds of processor time that the workers took for a request."""
        before = _processor_seconds(self.stock.server.pid)
        counts = self.counts()
        return (_processor_seconds(self.stock.server.pid) - before) / counts.requests * 1e6


def _processor_seconds(pid: int) -> float:
    """What the children of a process have taken so far, and it itself."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in (str(pid), *children)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / _TICKS
