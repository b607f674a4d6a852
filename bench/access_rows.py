"""The rows of the table on permissions: what asking for them costs where there are many."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench import servers
from bench.place import Place, Stocked, rate, stocked
from bench.request_rows import middle_seconds
from bench.rest import CONTENT, Rest
from bench.results import Goal, Row, compare, microseconds
from contentlib.access.passwords import Argon2Passwords
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import User
from contentlib.library.ports import AccessStore
from contentlib.library.principals import Group, Permission, group_key, user_key
from contentlib.settings import Settings
from contentlib.stores import open_rows

_USERS, _GROUPS, _PERMISSIONS, _LIBRARIES, _SEEN = 10_000, 1000, 10_000, 1000, 10
_READER = "reader@vsphere.local"
_ROLE = "content publisher"


def access(place: Place) -> Iterator[Row]:
    """`GET` of a download session by a user who has a role by three nested groups, among 10,000 users, 1,000 groups and 10,000
    permissions, held against the only administrator; and a `list` of ten of 1,000 libraries."""
    with ExitStack() as stack:
        alone = stocked(stack.enter_context(servers.contentlib(place.new("contentlib"))), place)
        data = place.new("contentlib")
        crowded = stocked(stack.enter_context(servers.contentlib(data)), place)
        libraries = [crowded.client.create_library(f"library-{n:04}") for n in range(_LIBRARIES)]
        asyncio.run(_fill(data, crowded.library, libraries))
        reader = Rest(crowded.server, _READER)
        own = Stocked(place.directory, crowded.server, reader, crowded.library, crowded.item, _downloads(reader, crowded.item))
        measures = [partial(_microseconds, each) for each in (own, alone)]
        goal = Goal(1.1, at_most=True)
        yield compare("GET a download session, 10,000 users", "one administrator", goal, microseconds, *measures)
        seen = reader.get(f"{CONTENT}/library", list[str])
        if len(seen) != _SEEN + 1:
            raise RuntimeError(f"{len(seen)} libraries are listed, {_SEEN + 1} should be")
        took = middle_seconds(lambda: reader.size("GET", f"{CONTENT}/library")) * 1000
        yield Row(f"list {_SEEN} of {_LIBRARIES:,} libraries", f"{took:.1f} ms", "", "", took, Goal(10, " ms", at_most=True))


def _downloads(client: Rest, item: str) -> list[str]:
    return [client.create_download(item) for _ in range(100)]


def _microseconds(stock: Stocked) -> float:
    return 1e6 / rate(stock.server, stock.client.token, stock.gets(), stock.scratch)


async def _fill(data: Path, library: str, libraries: list[str]) -> None:
    metadata = open_rows(Settings(data_dir=data))
    try:
        await _add_people(metadata)
        await _add_permissions(metadata, library, libraries)
    finally:
        await metadata.close()


async def _add_people(metadata: AccessStore) -> None:
    hashed = Argon2Passwords().hash_now(servers.PASSWORD)
    users = [_READER, *(f"user-{n:05}@vsphere.local" for n in range(_USERS - 1))]
    async with metadata.transaction(durable=True) as rows:
        for name in users:
            await rows.users.put(User(name, name, hashed))
        for n in range(_GROUPS):
            await rows.groups.add(Group(_group(n), _group(n)))
            if n % 3:  # of three groups each is a member of the one before
                await rows.groups.join(_group(n - 1), group_key(_group(n)))
        for n, name in enumerate(users):
            await rows.groups.join(_group(3 * (n % (_GROUPS // 3)) + 2), user_key(name))


async def _add_permissions(metadata: AccessStore, library: str, libraries: list[str]) -> None:
    pick = random.Random(1)  # every run gives the same ones
    async with metadata.transaction(durable=True) as rows:
        for each in (library, *pick.sample(libraries, _SEEN)):
            await rows.permissions.add(Permission(new_identifier(), group_key(_group(0)), _ROLE, each))
        pairs = {(pick.randrange(1, _GROUPS // 3) * 3, each) for each in libraries for _ in range(_PERMISSIONS // _LIBRARIES)}
        for number, each in sorted(pairs):
            await rows.permissions.add(Permission(new_identifier(), group_key(_group(number)), _ROLE, each))


def _group(number: int) -> str:
    return f"group-{number:04}"
