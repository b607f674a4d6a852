"""Tests that a call is processed once more if rows changed while it read them, and only if it has changed nothing."""

from __future__ import annotations

from typing import Any

import pytest

from contentlib.library.ports import ChangedWhileRead
from contentlib.metadata.libraries import LibraryRows
from contentlib.metadata.sessions import UpdateFileRows
from whole import CONTENT, Whole, told


def fail(monkeypatch: pytest.MonkeyPatch, rows: type, method: str, times: int) -> list[str]:
    """Lets a method of rows fail so often as if they had changed; it is in the list whenever it is called."""
    calls: list[str] = []
    unchanged = getattr(rows, method)

    async def failing(self: Any, *arguments: Any) -> Any:
        calls.append(method)
        if len(calls) <= times:
            raise ChangedWhileRead("rows")
        return await unchanged(self, *arguments)

    monkeypatch.setattr(rows, method, failing)
    return calls


async def test_a_call_is_processed_once_more(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    library = await app.library("lab")
    calls = fail(monkeypatch, LibraryRows, "get", 1)
    assert (await app.rest("GET", f"/library/id:{library}"))["name"] == "lab"
    assert len(calls) > 1


async def test_a_call_over_json_rpc_is_processed_once_more_with_its_body(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"STRUCTURE": {"operation-input": {"library_id": await app.library("lab")}}}
    params = {"serviceId": "com.vmware.content.library", "operationId": "get", "ctx": {"appCtx": {}}, "input": given}
    calls = fail(monkeypatch, LibraryRows, "get", 1)
    answer = await app.send("POST", "/api", {"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params})
    assert "output" in answer.json()["result"]
    assert len(calls) > 1


async def test_an_upload_is_received_though_rows_changed_before_its_bytes_were_read(
    app: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await app.session(await app.item())
    address = (await app.add(session, "tiny.iso"))["upload_endpoint"]["uri"]
    calls = fail(monkeypatch, UpdateFileRows, "by_id", 1)
    assert (await app.client.put(address, content=b"bytes")).status_code == 200
    assert len(calls) > 1


async def test_a_call_fails_if_rows_changed_once_more(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    library = await app.library()
    fail(monkeypatch, LibraryRows, "get", 1000)
    status, kind, said = await app.refusal("GET", f"/library/id:{library}")
    assert (status, kind) == (503, "SERVICE_UNAVAILABLE")
    assert "a row of rows changed while it was read; try again" in said


async def test_a_call_that_has_begun_a_change_is_not_repeated(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fail(monkeypatch, LibraryRows, "add", 1)
    answer = await app.send("POST", f"{CONTENT}/local-library", {"create_spec": {"name": "lab"}})
    assert told(answer)[0] == 503
    assert calls == ["add"]
