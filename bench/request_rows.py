"""The rows of the table on requests: how many a second, with how many items, how soon after a start."""

from __future__ import annotations

import random
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench import limits, servers
from bench.fill import fill, name
from bench.load import Request
from bench.place import Place, Stocked, rate, stocked
from bench.rest import ITEM
from bench.results import Goal, Row, compare, milliseconds, per_second

_SIMULATOR = Goal(1.0, first=0.4)
_MANY, _FEW = 100_000, 100
_ASKED_FOR = 1000
_REPEATED = 5

Choose = Callable[[Stocked], Sequence[Request]]


def get(place: Place) -> Iterator[Row]:
    """`GET` of a hundred download sessions in turn, logged in, over `/rest` JSON: wrk with one thread and 32 connections."""
    yield from _against_both(place, "GET a download session", (0.65, 0.6), Stocked.gets)


def create(place: Place) -> Iterator[Row]:
    """The creation of download sessions, by the same load; ours are in the database when they are answered."""
    yield from _against_both(place, "create a download session", (0.28, 0.35), Stocked.creations)


def library(place: Place) -> Iterator[Row]:
    """`GET` of a library, by the same load."""
    with ExitStack() as stack:
        yield _against_simulator("GET a library", *_pair(stack, place), Stocked.library_gets)


def scale(place: Place) -> Iterator[Row]:
    """The time that an answer takes under the same load, from a server that holds 100,000 items and one that holds 100; and a
    single `list` of all 100,000, the middle of five."""
    with ExitStack() as stack:
        asked = [_filled(stack, place, count) for count in (_MANY, _FEW)]
        for n, what in enumerate(("GET an item", "find an item by name")):
            measures = [partial(_answer_ms, stock, requests[n]) for stock, requests in asked]
            yield compare(f"{what}, of {_MANY:,}", f"of {_FEW}", Goal(1.3, at_most=True), milliseconds, *measures)
        yield _listed(asked[0][0])


def start(place: Place) -> Iterator[Row]:
    """From the start of the process, on a directory that it has served before, to the first answer of `/readyz`."""
    data = place.new("contentlib")
    with servers.contentlib(data) as server:
        stocked(server, place)
    seconds = statistics.median(_first_answer(data) for _ in range(_REPEATED))
    yield Row("from start to first answer", f"{seconds:.2f} s", "", "", seconds, Goal(0.6, " s", at_most=True), limits.python())


def _pair(stack: ExitStack, place: Place) -> tuple[Stocked, Stocked]:
    ours = stack.enter_context(servers.contentlib(place.new("contentlib")))
    theirs = stack.enter_context(servers.simulator(place.new("simulator")))
    return stocked(ours, place), stocked(theirs, place)


def _against_both(place: Place, what: str, goals: tuple[float, float], choose: Choose) -> Iterator[Row]:
    with ExitStack() as stack:
        ours, theirs = _pair(stack, place)
        sizes = [ours.answer_bytes(requests[0]) for requests in (ours.gets(), ours.creations())]
        bare = stack.enter_context(servers.oneline(place.new("oneline"), *sizes))
        requests = choose(ours)
        measures = [partial(rate, each, ours.client.token, requests, ours.scratch) for each in (ours.server, bare)]
        yield compare(what, "one-line application", Goal(goals[0]), per_second, *measures)
        yield _against_simulator(what, ours, theirs, choose, Goal(goals[1]))


def _against_simulator(what: str, ours: Stocked, theirs: Stocked, choose: Choose, goal: Goal = _SIMULATOR) -> Row:
    measures = [partial(each.rate, choose(each)) for each in (ours, theirs)]
    return compare(what, "simulator of govmomi", goal, per_second, *measures)


def _filled(stack: ExitStack, place: Place, count: int) -> tuple[Stocked, tuple[list[Request], list[Request]]]:
    """A server with that many items, requests that get them and requests that find them."""
    stock = stocked(stack.enter_context(servers.contentlib(place.new("contentlib"))), place)
    items = fill(stock.server.url, stock.client.token, stock.library, count)
    pick = random.Random(count)  # every run asks for the same ones
    gets = [Request("GET", f"{ITEM}/id:{each}") for each in pick.choices(items, k=_ASKED_FOR)]
    names = [name(each) for each in pick.choices(range(count), k=_ASKED_FOR)]
    return stock, (gets, [Request("POST", f"{ITEM}?~action=find", {"spec": {"name": each}}) for each in names])


def _listed(stock: Stocked) -> Row:
    seconds = middle_seconds(lambda: stock.client.size("GET", f"{ITEM}?library_id={stock.library}"))
    return Row(f"list {_MANY:,} items", f"{seconds:.2f} s", "", "", seconds, Goal(1, " s", at_most=True))


def middle_seconds(call: Callable[[], object]) -> float:
    """How long a call takes, the middle of five."""
    return statistics.median(_seconds(call) for _ in range(_REPEATED))


def _seconds(call: Callable[[], object]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


def _answer_ms(stock: Stocked, requests: Sequence[Request]) -> float:
    return 1000 / stock.rate(requests)


def _first_answer(data: Path) -> float:
    began = time.monotonic()
    with servers.contentlib(data) as server:
        urllib.request.urlopen(f"{server.url}/readyz").close()
        return time.monotonic() - began
