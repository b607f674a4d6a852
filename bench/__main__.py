"""Runs the bench: prints the table, and writes `docs/performance.md` when every row was measured."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from bench import (
    access_rows,
    byte_rows,
    import_rows,
    page,
    place,
    postgresql_rows,
    request_rows,
    s3_rows,
    servers,
    sync_rows,
    worker_rows,
)
from bench.page import Measured
from bench.results import Row, say

_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_ROWS: dict[str, Measured] = {
    "get": request_rows.get,
    "create": request_rows.create,
    "library": request_rows.library,
    "stall": byte_rows.stall,
    "download": byte_rows.download,
    "ranges": byte_rows.ranges,
    "upload": byte_rows.upload,
    "busy": byte_rows.busy,
    "ova": import_rows.ova,
    "imports": import_rows.imports,
    "sync": sync_rows.sync,
    "large": sync_rows.sync_large,
    "scale": request_rows.scale,
    "memory": byte_rows.memory,
    "start": request_rows.start,
    "s3": s3_rows.s3,
    "postgresql": postgresql_rows.postgresql,
    "access": access_rows.access,
    "workers": worker_rows.workers,
}


def main() -> int:
    """Measures the rows that are asked for; the exit code tells whether all could be measured."""
    names = _asked()
    servers.setup()
    load, rows = os.getloadavg()[0], list[Row]()
    say(page.told(load))
    failed = [name for name in names if not _measure(name, rows)]
    print(page.table(rows))
    if failed:
        say(f"bench: not measured: {', '.join(failed)}")
    elif len(names) == len(_ROWS):
        _PAGE.write_text(page.page(rows, _ROWS, load))
    return 1 if failed else 0


def _asked() -> list[str]:
    parser = argparse.ArgumentParser(prog="make bench", description="Measures the speed of contentlib beside other servers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"only these of {', '.join(_ROWS)}")
    asked: list[str] = parser.parse_args().rows
    if unknown := set(asked) - set(_ROWS):
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    return [name for name in _ROWS if name in asked or not asked]


def _measure(name: str, rows: list[Row]) -> bool:
    """Adds what a row's function finds; a failure is told and leaves the other rows their turn."""
    say(f"{name} …")
    began = time.monotonic()
    try:
        with place.place() as here:
            rows.extend(_ROWS[name](here))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        say(f"bench: {name}: {error}")
        return False
    say(f"  {time.monotonic() - began:.0f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
