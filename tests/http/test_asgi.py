from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contentlib.http import asgi
from contentlib.http.bodies import Bodies
from contentlib.http.message import Answer, FileResponse, Request, Response
from processes import PATIENCE_SECONDS
from scopes import Exchange, Message, application, exchanged, request_of, scope

PATHSEND: dict[str, Any] = {"http.response.pathsend": {}}


@pytest.mark.parametrize(
    ("parts", "path", "query"),
    [
        ({"raw_path": b"/a%2Fb%20c", "path": "/a/b c"}, "/a%2Fb%20c", ""),
        ({"raw_path": b"/a?b=1", "query_string": b"b=1"}, "/a", "b=1"),
        ({"raw_path": None, "path": "/a b/%/ü:"}, "/a%20b/%25/%C3%BC:", ""),
        ({"raw_path": "/ü".encode(), "query_string": "a=ü&b=%C3%BC".encode()}, "/%C3%BC", "a=%C3%BC&b=%C3%BC"),
        ({"raw_path": b"/\xff", "query_string": b"a=\xff"}, "/%FF", "a=%FF"),
    ],
)
async def test_an_address_is_as_it_was_sent(parts: dict[str, Any], path: str, query: str) -> None:
    request = await request_of(**parts)
    assert (request.path, request.query) == (path, query)


async def test_a_header_that_comes_twice_is_joined() -> None:
    headers = [("accept", "a"), ("cookie", "a=1"), ("accept", "b"), ("cookie", "b=2")]
    request = await request_of(headers=headers)
    assert request.headers == {"accept": "a, b", "cookie": "a=1; b=2", "host": "192.0.2.2:443"}


async def test_the_host_is_the_one_that_the_client_named() -> None:
    assert (await request_of(headers=[("host", "lib.example")])).headers["host"] == "lib.example"
    assert "host" not in (await request_of(server=None)).headers


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ([("x-request-id", "r-1")], "r-1"),
        ([("vapi-ctx-opid", "o-1")], "o-1"),
        ([("vapi-ctx-opid", "o-1"), ("x-request-id", "r-1")], "r-1"),
        ([("x-request-id", ""), ("vapi-ctx-opid", "o-1")], "o-1"),
    ],
)
async def test_the_id_of_a_request_is_the_clients(headers: list[tuple[str, str]], request_id: str) -> None:
    exchange = await exchanged(Response(200), headers=headers)
    assert exchange.headers["x-request-id"] == request_id


@pytest.mark.parametrize("given", [None, "r" * 129, "a\tb", "ü", "a\x00"])
async def test_an_id_is_made_where_the_client_has_none_that_can_be_repeated(given: str | None) -> None:
    headers = [("x-request-id", given)] if given else []
    made = [(await exchanged(Response(200), headers=headers)).headers["x-request-id"] for _ in range(2)]
    assert given not in made
    assert made[0] != made[1]


async def test_a_response_says_its_length_and_type() -> None:
    exchange = await exchanged(Response(201, b"abc", "text/plain", [("a", "b")]))
    assert (exchange.status, exchange.body) == (201, b"abc")
    assert {name: exchange.headers[name] for name in ("content-length", "content-type", "a")} == {
        "content-length": "3",
        "content-type": "text/plain",
        "a": "b",
    }


async def test_an_empty_response_has_the_length_zero_but_a_204_none() -> None:
    assert (await exchanged(Response(200))).headers["content-length"] == "0"
    assert "content-length" not in (await exchanged(Response(204))).headers


async def test_the_answer_to_head_has_the_length_and_no_body() -> None:
    exchange = await exchanged(Response(200, b"abc", "text/plain"), method="HEAD")
    assert (exchange.headers["content-length"], exchange.body) == ("3", b"")


async def test_the_body_comes_in_pieces() -> None:
    async def handle(request: Request) -> Answer:
        return Response(200, b"|".join([piece async for piece in request.chunks()]))

    exchange = Exchange(b"a", b"", b"bc")
    await application(handle)(scope(method="POST"), exchange.receive, exchange.send)
    assert exchange.body == b"a|bc"


async def test_a_client_that_breaks_off_is_told_in_case_it_still_reads() -> None:
    async def handle(request: Request) -> Answer:
        return Response(200, await Bodies(10).read(request, known=True))

    exchange = Exchange(b"a", None)
    await application(handle)(scope(method="POST"), exchange.receive, exchange.send)
    assert (exchange.status, exchange.body) == (400, b"request ended before its body was complete\n")


async def test_a_body_that_nobody_read_is_read_after_the_answer() -> None:
    exchange = await exchanged(Response(413), b"a", b"b", method="POST", headers=[("content-length", "2")])
    assert exchange.status == 413
    assert await exchange.receive() == {"type": "http.disconnect"}


@pytest.mark.parametrize(("kind", "scripts"), [("application/json", False), ("text/plain", True), ("text/html", True)])
async def test_no_answer_runs_a_script(kind: str, scripts: bool) -> None:
    headers = (await exchanged(Response(200, b"<b>", kind))).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert ("content-security-policy" in headers) == scripts


async def test_a_page_may_have_a_policy_of_its_own() -> None:
    policy = "default-src 'none'; script-src 'self'"
    exchange = await exchanged(Response(200, b"<b>", "text/html", [("content-security-policy", policy)]))
    assert [value for name, value in exchange.sent[0]["headers"] if name == b"content-security-policy"] == [policy.encode()]


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [([], 'Basic realm="x"'), ([("x-requested-with", "XMLHttpRequest")], 'Session realm="contentlib"')],
)
async def test_a_browser_does_not_ask_for_a_password_where_a_script_has_called(
    headers: list[tuple[str, str]], challenge: str
) -> None:
    refused = Response(401, b"{}", "application/json", [("www-authenticate", 'Basic realm="x"')])
    assert (await exchanged(refused, headers=headers)).headers["www-authenticate"] == challenge


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_browser_stays_with_tls(scheme: str) -> None:
    assert ("strict-transport-security" in (await exchanged(Response(200), scheme=scheme)).headers) == (scheme == "https")


class Silent(Exchange):
    """A client that stops sending in the middle of its body, and keeps the connection open."""

    async def receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_body_that_stays_away_is_not_waited_for_after_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "_LINGER_QUIET_SECONDS", 0.01)
    exchange = Silent()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await application(_refuse)(_posted(), exchange.receive, exchange.send)
    assert exchange.status == 401


async def test_only_so_many_bodies_are_read_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "_LINGER_QUIET_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(asgi, "_LINGERING", 2)
    serving, exchanges = application(_refuse), [Silent() for _ in range(3)]
    tasks = [asyncio.create_task(serving(_posted(), each.receive, each.send)) for each in exchanges]
    done, waiting = await asyncio.wait(tasks, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(waiting)) == (1, 2)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _refuse(request: Request) -> Answer:
    return Response(401)


def _posted() -> Message:
    return scope(method="POST", headers=[("host", "lib.example"), ("content-length", "9")])


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [("1.1", 0, 400), ("1.1", 1, 204), ("1.1", 2, 400), ("1.0", 0, 204), ("1.0", 2, 400)],
)
async def test_a_request_names_one_host(version: str, hosts: int, status: int) -> None:
    headers = [("host", "lib.example")] * hosts
    assert (await exchanged(Response(204), http_version=version, headers=headers)).status == status


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    return path


async def test_a_whole_file_is_sent_by_the_server(file: Path) -> None:
    exchange = await exchanged(FileResponse(200, file, [("content-length", "10")]), extensions=PATHSEND)
    assert exchange.sent[1] == {"type": "http.response.pathsend", "path": str(file)}
    assert exchange.headers["content-length"] == "10"


@pytest.mark.parametrize("extensions", [PATHSEND, None])
async def test_a_part_of_a_file_is_sent_in_pieces(file: Path, extensions: Any) -> None:
    exchange = await exchanged(FileResponse(206, file, [], offset=3, length=4), extensions=extensions)
    assert (exchange.status, exchange.body) == (206, b"3456")
    assert not exchange.sent[-1].get("more_body", False)


async def test_a_whole_file_is_sent_in_pieces_where_the_server_cannot(file: Path) -> None:
    assert (await exchanged(FileResponse(200, file, []))).body == b"0123456789"


async def test_no_byte_of_a_file_is_sent_for_head(file: Path) -> None:
    exchange = await exchanged(FileResponse(200, file, [("content-length", "10")]), method="HEAD", extensions=PATHSEND)
    assert exchange.sent[1:] == [{"type": "http.response.body", "body": b""}]


class Lifespan:
    """The messages of a process's life."""

    def __init__(self) -> None:
        self._messages = ["lifespan.startup", "lifespan.shutdown"]
        self.sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        return {"type": self._messages.pop(0)}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def _never(request: Request) -> Answer:
    raise AssertionError


async def test_a_process_starts_and_stops_once() -> None:
    steps: list[str] = []

    async def start() -> None:
        steps.append("start")

    async def stop() -> None:
        steps.append("stop")

    life = Lifespan()
    await application(_never, start, stop)({"type": "lifespan"}, life.receive, life.send)
    assert steps == ["start", "stop"]
    assert [message["type"] for message in life.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_start_that_fails_is_told() -> None:
    async def start() -> None:
        raise OSError("the disk is gone")

    life = Lifespan()
    await application(_never, start)({"type": "lifespan"}, life.receive, life.send)
    assert life.sent == [{"type": "lifespan.startup.failed", "message": "the disk is gone"}]
