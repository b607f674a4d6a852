"""Opens connections to the PostgreSQL servers that a URL names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import asyncpg

from contentlib.metadata.postgresql.errors import ERRORS, told_error

Raw: TypeAlias = Any
"""A connection of asyncpg, which has no types."""
SCHEMES = ("postgresql", "postgres")
_CACHED = 1024  # statements that a connection keeps prepared; there are fewer
_HANG_SECONDS = 5.0  # that an answer may take beyond the server's own limit, before the connection counts as dead


@dataclass(frozen=True, slots=True)
class Address:
    """A database, and how a process uses it."""

    url: str
    connections: int = 10
    wait_seconds: float = 5.0
    statement_seconds: float = 60.0
    """After which the server cancels a statement; 0 for never."""

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        given = parse_qs(parts.query)
        hosts = parts.netloc.rpartition("@")[2] or ",".join(given.get("host", [])) or "localhost"
        return f"{(parts.path.lstrip('/') or ''.join(given.get('dbname', [])) or 'default')!r} on {hosts}"


async def connect(address: Address, seconds: float, **settings: str) -> Raw:
    """Connects once; OSError when no server accepts that. `settings` are variables of the session."""
    own = {
        "application_name": "contentlib",
        "jit": "off",  # it takes longer than any of the statements
        "statement_timeout": str(int(address.statement_seconds * 1000)),
        **settings,
    }
    writable = None if "target_session_attrs" in address.url else "read-write"
    try:
        return await asyncpg.connect(
            address.url,
            timeout=seconds,
            command_timeout=address.statement_seconds + _HANG_SECONDS if address.statement_seconds else None,
            statement_cache_size=_CACHED,
            max_cached_statement_lifetime=0,
            server_settings=own,
            target_session_attrs=writable,
        )
    except ERRORS as error:
        raise told_error(error) from error
