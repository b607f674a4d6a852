"""Prints what a request and a gigabyte cost the server in CPU time: `python -m bench.cost`, for `docs/design/cost.md`."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import load, place, servers
from bench.load import MIB, Request
from bench.place import Place, Stocked, stocked
from bench.servers import Server

_GIB, _NAME = 1024 * MIB, "image.iso"
_SECONDS, _TIMES = 3, 5
_TICK = os.sysconf("SC_CLK_TCK")

Spent = tuple[float, float]
"""Seconds in programs and in the kernel."""


def main() -> int:
    """Prints a row for each kind of request, then for each kind of transfer."""
    servers.setup()
    with place.place() as here, servers.contentlib(here.new("contentlib")) as server:
        ours = stocked(server, here)
        with servers.oneline(
            here.new("oneline"), *(ours.answer_bytes(each[0]) for each in (ours.gets(), ours.creations()))
        ) as bare:
            _requests("GET a download session", server, ours, ours.gets())
            _requests("create a download session", server, ours, ours.creations())
            _requests("one-line application", bare, ours, ours.gets())
        _transfers(here, server, ours)
    return 0


def _requests(what: str, server: Server, ours: Stocked, requests: list[Request]) -> None:
    def ask() -> float:
        return load.counts(server.url, ours.client.token, requests, _SECONDS, ours.scratch).requests / 1e6

    _print(what, "µs", server, ask)


def _transfers(here: Place, server: Server, ours: Stocked) -> None:
    source, client = here.file(_GIB), ours.client
    uri = client.download_uri(ours.upload(source, _NAME), _NAME)
    _print(
        "download 1 GiB, 8 connections",
        "ms",
        server,
        partial(_moved, 8 * _GIB, partial(load.download, [uri] * 8, client.token)),
    )
    read = partial(load.ranges, uri, 8, 64 * MIB, client.token)
    _print("8 ranges of 64 MiB at once", "ms", server, partial(_moved, 512 * MIB, read))
    _print("upload 1 GiB", "ms", server, partial(_uploaded, ours, source))


def _moved(size: int, transfer: Callable[[], object]) -> float:
    """Gigabytes by a thousand, so that seconds for each are milliseconds for a gigabyte."""
    transfer()
    return size / 1e12


def _uploaded(ours: Stocked, source: Path) -> float:
    item = ours.client.create_item(ours.library, os.urandom(8).hex())
    session, uri = ours.client.begin_upload(item, _NAME, source.stat().st_size)
    moved = _moved(source.stat().st_size, partial(load.upload, [uri], source, ours.client.token))
    ours.client.complete_upload(session)
    return moved


def _print(what: str, unit: str, server: Server, call: Callable[[], float]) -> None:
    """The middle of what each of some calls costs, by what it says that it did."""
    call()  # brings what it needs into memory
    costs = [_cost(server, call) for _ in range(_TIMES)]
    programs, kernel = (statistics.median(each[n] for each in costs) for n in (0, 1))
    print(f"{what:32} {programs:6.0f} {unit} in programs {kernel:6.0f} {unit} in the kernel", flush=True)


def _cost(server: Server, call: Callable[[], float]) -> Spent:
    before = _spent(server.pid)
    done = call()
    after = _spent(server.pid)
    return (after[0] - before[0]) / done, (after[1] - before[1]) / done


def _spent(pid: int) -> Spent:
    """What a process and its descendants have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = [child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    spent = [(int(fields[11]) / _TICK, int(fields[12]) / _TICK), *(_spent(int(child)) for child in children)]
    return sum(each[0] for each in spent), sum(each[1] for each in spent)


if __name__ == "__main__":
    sys.exit(main())
