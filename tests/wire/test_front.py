from __future__ import annotations

import pytest

from wire.client import Client, at_once


@pytest.mark.parametrize(
    ("path", "spoken"),
    [
        ("/rest/com/vmware/cis/session", True),
        ("/rest/", True),
        ("/api", True),
        ("/api/session", True),
        ("/rest", False),
        ("/apis", False),
        ("/API", False),
        ("/", False),
        ("/healthz", False),
        ("/sdk", False),
    ],
)
def test_the_room_speaks_below_rest_and_api(path: str, spoken: bool) -> None:
    assert Client().wire.speaks(path) is spoken


@pytest.mark.parametrize(
    ("path", "start"),
    [
        ("/rest/x", b'{"type":"com.vmware.vapi.std.errors.operation_not_found"'),
        ("/api/x", b'{"error_type":"OPERATION_NOT_FOUND"'),
        ("/api", b'{"error":{"code":-32700'),
    ],
)
def test_each_form_answers_an_error_in_its_own_words(path: str, start: bytes) -> None:
    assert at_once(Client().send("POST", path)).body.startswith(start)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_jsonrpc_is_posted(method: str) -> None:
    response = at_once(Client().send(method, "/api"))
    assert (response.status, dict(response.headers)) == (405, {"allow": "POST", "cache-control": "no-store"})


@pytest.mark.parametrize("target", ["/rest/com/vmware/cis/session", "/api/session", "/api", "/rest/nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_cache_keeps_an_answer(method: str, target: str) -> None:
    assert dict(at_once(Client().send(method, target)).headers)["cache-control"] == "no-store"
