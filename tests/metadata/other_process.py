"""Another process on the database that is named: renames the libraries that are named, says so, and stays open.

With `--killed-in-commit` it is killed after it has told that it commits and before it has told that it has.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from msgspec.structs import replace

from contentlib.metadata.generations import Generations
from contentlib.metadata.sqlite import SqliteMetadata


async def _rename(metadata: SqliteMetadata, library_id: str) -> None:
    async with metadata.transaction(durable=True) as transaction:
        library = await transaction.libraries.get(library_id)
        assert library is not None
        await transaction.libraries.put(replace(library, name="renamed by another process"))


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _main(database: Path, library_ids: list[str], *, killed: bool) -> None:
    metadata = SqliteMetadata(database)
    if killed:
        Generations.changed = _die  # type: ignore[method-assign,assignment] # the moment that the test is about
    for library_id in library_ids:
        await _rename(metadata, library_id)
    print("here", flush=True)  # noqa: T201 - the test reads it
    sys.stdin.read()
    await metadata.close()


_options = [each for each in sys.argv[2:] if each.startswith("--")]
asyncio.run(_main(Path(sys.argv[1]), [each for each in sys.argv[2:] if each not in _options], killed=bool(_options)))
