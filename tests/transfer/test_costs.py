"""Tests what an import of a small item costs, in numbers that do not depend on the machine."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

import pytest

from contentlib.library.bytes.storages import Lane
from contentlib.metadata.transaction import SqliteConnection
from contentlib.metadata.turns import Writer
from whole import Whole

pytestmark = [pytest.mark.embedded, pytest.mark.directories]
_COUNTED: ContextVar[Counter[str] | None] = ContextVar("counted", default=None)
"""What the request of this context has done; jobs in the background have a context of their own."""

_MOST = {
    "create the item": Counter(statements=14, turns=1, commits=1),
    "create the session": Counter(statements=8, turns=1, commits=1),
    "add the file": Counter(statements=15, turns=1, commits=1, hops=1),
    "send the bytes": Counter(statements=20, turns=2, commits=2, hops=4),
    "complete": Counter(statements=27, turns=1, commits=1, hops=3, flushes=6),
    "delete the session": Counter(statements=8, turns=1, commits=1),
}
"""So much at most. Raise a number only for a reason that is worth it for each of ten thousand items."""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def count(owner: Any, name: str, what: str) -> None:
        inner = getattr(owner, name)

        @wraps(inner)
        def counting(*arguments: Any, **names: Any) -> Any:
            found = _COUNTED.get()
            if found is not None:
                found[what] += 1
            return inner(*arguments, **names)

        monkeypatch.setattr(owner, name, counting)

    count(SqliteConnection, "_some", "statements")
    count(SqliteConnection, "run", "statements")
    count(Writer, "enter", "turns")
    count(Writer, "_commit_batch", "commits")
    count(Lane, "_submit", "hops")


async def _costs(app: Whole, library: str, number: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, Counter[str]]:
    """Imports an item of one file of 1 KiB, and returns what each request has cost."""
    costs: dict[str, Counter[str]] = {}
    flushed: list[int] = []
    fsync = os.fsync

    def flush(file: int) -> None:  # in threads, without a context
        flushed.append(file)
        fsync(file)

    monkeypatch.setattr(os, "fsync", flush)

    async def cost(name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        found = costs[name] = Counter[str]()
        before = len(flushed)
        token = _COUNTED.set(found)
        answer = await call()
        _COUNTED.reset(token)
        found["flushes"] = len(flushed) - before
        return answer

    async def send() -> None:
        assert (await app.client.put(address, content=number.to_bytes(4) * 256)).status_code == 200

    item = await cost("create the item", lambda: app.item(f"small {number}", library))
    session = await cost("create the session", lambda: app.session(item))
    added = await cost("add the file", lambda: app.add(session, "small.bin", size=1024))
    address = added["upload_endpoint"]["uri"]
    await cost("send the bytes", send)
    await cost("complete", lambda: app.complete(session))
    await cost("delete the session", lambda: app.rest("DELETE", f"/library/item/update-session/id:{session}"))
    monkeypatch.setattr(os, "fsync", fsync)
    return costs


@pytest.mark.usefixtures("counted")
async def test_an_import_costs_no_more_than_it_did(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    library = await app.library()
    await _costs(app, library, 1, monkeypatch)  # the first one finds less that is remembered
    costs = await _costs(app, library, 2, monkeypatch)
    assert {name: found - _MOST[name] for name, found in costs.items() if found - _MOST[name]} == {}, costs
