"""Is a guest of the database that is named, says so, changes a library's name if one is named, and stays."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from msgspec.structs import replace

from contentlib.metadata.guests import guest
from contentlib.metadata.sqlite import SqliteMetadata


async def _rename(database: Path, library_id: str) -> None:
    metadata = SqliteMetadata(database)
    async with metadata.transaction(durable=True) as transaction:
        library = await transaction.libraries.get(library_id)
        assert library is not None
        await transaction.libraries.put(replace(library, name="renamed by a guest"))
    await metadata.close()


_database = Path(sys.argv[1])
with guest(_database):
    for _library_id in sys.argv[2:]:
        asyncio.run(_rename(_database, _library_id))
    print("here", flush=True)  # noqa: T201 - the test reads it
    sys.stdin.read()
