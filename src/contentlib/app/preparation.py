"""Prepares the data directory for the worker processes: schema, keys, storages, administrator."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

from contentlib.access.keys import SecretKey
from contentlib.access.passwords import Argon2Passwords
from contentlib.app.core import transfer_key
from contentlib.jobs.ended_nodes import release
from contentlib.library.actors import set_actor, the_server
from contentlib.library.clock import EvenClock
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import User
from contentlib.library.names import fold
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.principals import ADMINISTRATOR, Permission, user_key
from contentlib.library.timekeeping import go_on
from contentlib.nodes.local import LocalNodes
from contentlib.settings import Settings
from contentlib.stores import claim_storages, database_of, nodes_directory, open_bytes, open_nodes, open_rows

_TRANSFER_KEY = "transfer_key"  # where an earlier version kept it
_KEY_IN_USE = "transfer_key_in_use"  # its hash


def prepare(settings: Settings) -> str | None:
    """Prepares the data directory for its workers. Returns the administrator's password if it was generated."""
    database_of(settings).upgrade()
    return asyncio.run(_prepare(open_rows(settings), settings))


async def _prepare(metadata: MetadataStore, settings: Settings) -> str | None:
    set_actor(lambda: the_server("server.start"))
    try:
        clock = EvenClock()
        nodes = open_nodes(settings, LocalNodes(nodes_directory(settings)), clock.steer)
        async with metadata.transaction(durable=True) as transaction:
            await _keep_transfer_key(transaction, transfer_key(settings))
            await _check_keys(transaction, settings, others=bool(others := await nodes.running()))
            if not others:  # else the server runs, and its time goes on
                await go_on(transaction, clock)
        await claim_storages(metadata, open_bytes(settings))
        await release(metadata, nodes)
        await nodes.stop()
        async with metadata.transaction(durable=True) as transaction:
            return await _add_administrator(transaction, settings)
    finally:
        await metadata.close()


async def _keep_transfer_key(transaction: Transaction, key: SecretKey) -> None:
    """Creates the key that signs transfer URLs, or moves it from the database, where an earlier version stored it."""
    kept = await transaction.state.get(_TRANSFER_KEY)
    key.make(bytes.fromhex(kept) if kept else None)
    if kept:
        await transaction.state.put(_TRANSFER_KEY, "")


async def _check_keys(transaction: Transaction, settings: Settings, *, others: bool) -> None:
    """Raises RuntimeError if other servers of the database have another key for their transfer URLs."""
    own = hashlib.sha256(b"contentlib transfer key" + transfer_key(settings).read()).hexdigest()
    kept = await transaction.state.get(_KEY_IN_USE)
    if others and kept not in (None, own):
        raise RuntimeError(
            f"{settings.keys} contains other keys than those of the other servers of this database; "
            "set `keys_dir` to the same directory on all of them, or copy the keys"
        )
    if kept != own:
        await transaction.state.put(_KEY_IN_USE, own)


async def _add_administrator(transaction: Transaction, settings: Settings) -> str | None:
    """Adds the administrator if there is none. Returns the password if it was generated."""
    name = settings.admin_name
    if await transaction.users.all():
        return None
    given = settings.admin_password.get_secret_value() if settings.admin_password else None
    password = given or secrets.token_urlsafe(15)
    await transaction.users.put(User(name, fold(name), Argon2Passwords().hash_now(password)))
    await transaction.permissions.add(Permission(new_identifier(), user_key(fold(name)), ADMINISTRATOR))
    return None if given else password
