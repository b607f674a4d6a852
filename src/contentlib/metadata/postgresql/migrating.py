"""Upgrades a PostgreSQL database to the current schema: one node at a time, the others wait."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from contentlib.metadata import migrations
from contentlib.metadata.migrate import HEAD
from contentlib.metadata.postgresql.address import Address, Raw
from contentlib.metadata.postgresql.connections import Connector
from contentlib.metadata.postgresql.errors import told_error
from contentlib.metadata.postgresql.turns import LOCKS

_LOCK = f"SELECT pg_advisory_xact_lock({LOCKS}, 2)"
_IS_ALONE = f"SELECT pg_try_advisory_xact_lock_shared({LOCKS}, 3)"  # up to schema 0021, a server keeps others off by this lock
_VERSION = "SELECT version_num FROM alembic_version"
_HAS_VERSION = "SELECT to_regclass('alembic_version') IS NOT NULL"
_ENCODING = "SHOW server_encoding"
MIGRATING = "migrating"
"""The schema of a database to which the rows of another one are being moved: no version of the program opens it."""


def upgrade_database(address: Address) -> None:
    """Creates the tables or brings them up to date; RuntimeError when that cannot be done."""
    if not is_upgraded(address):  # Alembic takes longer to import than the rest of the start
        asyncio.run(_migrate(address))


def is_upgraded(address: Address) -> bool:
    """Whether the database has the tables of this version. Raises RuntimeError if it does not have all rows yet."""
    found = version(address)
    _check_complete(address, found)
    return found == HEAD


def check_version(address: Address) -> None:
    """Raises RuntimeError unless the database has the current schema. Does not change it."""
    found = version(address)
    _check_complete(address, found)
    if found != HEAD:
        text = f"database {address} is at schema {found or 'unknown'}, this version needs {HEAD}"
        raise RuntimeError(f"{text}; start the server once to upgrade it")


def _check_complete(address: Address, found: str | None) -> None:
    if found == MIGRATING:
        raise RuntimeError(
            f"database {address} does not have all rows yet: `contentlib migrate` was not finished; "
            "start that command again, or use an empty database"
        )


def version(address: Address) -> str | None:
    """The schema of the database; None where it has no tables yet."""
    return asyncio.run(_version(address))


async def _version(address: Address) -> str | None:
    raw = await _opened(address)
    try:
        encoding = await raw.fetchval(_ENCODING)
        if encoding != "UTF8":
            raise RuntimeError(f"database {address} has the encoding {encoding}, expected UTF8; create it with ENCODING 'UTF8'")
        return None if not await raw.fetchval(_HAS_VERSION) else await raw.fetchval(_VERSION)
    finally:
        await raw.close()


async def _opened(address: Address) -> Raw:
    return await Connector(address).open(time.monotonic() + address.wait_seconds)


async def _migrate(address: Address) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy import Connection, text
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import create_async_engine

    from contentlib.metadata.postgresql.dialect import DRIVER

    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    config.set_main_option("path_separator", "os")

    def migrate(connection: Connection) -> None:
        connection.execute(text(_LOCK))
        if not connection.execute(text(_IS_ALONE)).scalar():
            raise RuntimeError(f"database {address} is in use by a server of an earlier version; stop it first")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async def opened() -> Raw:
        return await _opened(replace(address, statement_seconds=0))  # a node waits for another, however long that takes

    engine = create_async_engine(f"postgresql+{DRIVER}://", async_creator=opened)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
    except CommandError as error:
        raise RuntimeError(f"database {address} was written by a newer version of contentlib: {error}") from error
    except DBAPIError as error:
        cause = getattr(error.orig, "__cause__", None) or error
        raise told_error(cause) from error
    finally:
        await engine.dispose()
