"""Tests what a start imports: each of these packages would make it slower by 10 to 150 ms."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from processes import Running

UNNEEDED = {
    *("alembic", "asyncpg", "botocore", "joserfc", "ldap3", "mako", "obstore", "pygments", "rich.console", "signxml"),
    *("contentlib.cli.program", "contentlib.client"),
}
"""What upgrades, other databases, storages and ways to log in need, the other commands, or only a library that we use."""


def test_a_start_imports_only_what_every_server_needs(serve: Callable[..., Running]) -> None:
    first = serve("--no-tls")
    assert first.url
    first.process.terminate()
    assert first.ended() == 0

    server = serve("--no-tls", "--workers", "1", PYTHONPROFILEIMPORTTIME="1")
    assert httpx.get(f"{server.url}/readyz", timeout=60).status_code == 200
    server.process.terminate()
    assert server.ended() == 0
    lines = [*server.lines, *server.output]
    imported = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert {"granian", "contentlib.app.process"} <= imported
    assert sorted(UNNEEDED & imported) == []
