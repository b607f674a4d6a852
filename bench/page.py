"""The table as text, and the page of the documentation that holds it."""

from __future__ import annotations

import inspect
import os
import platform
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.place import Place
from bench.results import Row

Measured = Callable[[Place], Iterator[Row]]

_HEADS = ("what", "contentlib", "against", "its figure", "ratio", "goal", "met", "limit")
_QUIET = 0.5
_PACKAGES = ("nginx", "wrk", "curl", "golang-go", "golang-github-vmware-govmomi-dev")
_PAGE = """# Performance

Written by `make bench`; do not edit. The ratios were measured in one run on one machine, which the load shared with the
servers; the figures themselves say little about other machines.

{table}

Run on {day} on {machine}. {load}

## How it is measured

The servers listen on loopback with one worker process each (nginx: one for each processor), contentlib with its defaults but
for the log, which is silent below warnings. Two servers are measured in turn, three times; the table shows the pair with the
middle ratio. {warm}

The last column says what this machine can do at best of what costs most in a row, measured alone: {limits}. Where it is
empty, the other server or the one-line application is the limit.

{rows}

`make bench ROWS="get create"` measures some rows only and leaves this page alone. A goal that is missed is no failure, only a
row that cannot be measured is. The commands are in `bench/load.py`, the settings of the other servers in `bench/servers.py`.

## Versions

{versions}
"""
_LIMITS = (
    "`loopback` is what one thread sends to another program over one connection",
    "`SHA-256` and `AES-GCM` what one core hashes and encrypts by `openssl speed`",
    "`flushes` how often the disk flushes a file that has grown by a page",
    "`Python alone` how long the interpreter takes to start and end",
)
_WARM = """Before each upload the disk is given time to write what it has to, and memory is touched and freed: on a virtual
machine that gives free memory back to its host the first use of memory would otherwise be what is measured."""


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown, in columns for people."""
    cells = [_HEADS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [" | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, " | ".join("-" * max(width, 3) for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def page(rows: Sequence[Row], measured: Mapping[str, Measured], load: float) -> str:
    """The page of the documentation; `load` is the load average before the run."""
    return _PAGE.format(
        table=table(rows),
        day=datetime.now(UTC).date(),
        machine=_machine(),
        load=told(load),
        warm=_WARM.replace("\n", " "),
        limits="; ".join(_LIMITS),
        rows="\n".join(f"- `{name}`: {' '.join(str(inspect.getdoc(each)).split())}" for name, each in measured.items()),
        versions="\n".join(f"- {line}" for line in _versions()),
    )


def told(load: float) -> str:
    """What a load average before the run means for the figures."""
    busy = load > _QUIET
    means = "other programs kept the machine busy, and the figures are not to be relied on" if busy else "the machine was quiet"
    return f"Its load average was {load:.1f} before the run: {means}."


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    cores = len(os.sched_getaffinity(0))
    return f"{cores} processors of {_processor()}, {memory:.0f} GiB of memory, Linux {platform.release()}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _versions() -> list[str]:
    python = f"Python {platform.python_version()}, Granian {version('granian')}, SQLite {sqlite3.sqlite_version}"
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${Version}\\n", *_PACKAGES]
    packages = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [f"contentlib {version('contentlib')}, {python}", f"Debian's {', '.join(packages)}"]
