"""Which connections give way when there are too many, and that a server stays open to others meanwhile."""

from __future__ import annotations

import http.client
import os
import resource
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import processes
from contentlib.cli import connections, server
from contentlib.cli.connections import Connections, Sweeper, TcpConnection, network, surplus
from processes import CONTENTLIB, PATIENCE_SECONDS, Running

NOW = 1000.0
linux = pytest.mark.skipif(sys.platform != "linux", reason="it asks Linux")


def held(host: str, count: int, moved: float = 0.0, first: int = 0, **more: int) -> list[TcpConnection]:
    """Connections of an address, each silent for a second less than the one before."""
    ports = range(first, first + count)
    return [TcpConnection(0, hash((host, port)), (host, port), moved + port, **more) for port in ports]


def clients(found: list[TcpConnection]) -> set[tuple[str, int]]:
    return {each.client for each in found}


def test_nothing_is_closed_while_there_are_places() -> None:
    assert surplus(held("192.0.2.1", 10), (), 10, NOW) == []


def test_the_address_with_the_most_connections_loses_those_that_are_silent_the_longest() -> None:
    many, few = held("192.0.2.1", 10), held("192.0.2.2", 3)
    assert clients(surplus([*few, *many], (), 8, NOW)) == clients(many[:5])


def test_of_many_addresses_with_one_connection_each_the_silent_ones_go() -> None:
    all_of_them = [held(f"192.0.2.{n}", 1, moved=float(n))[0] for n in range(100)]
    assert clients(surplus(all_of_them, (), 90, NOW)) == clients(all_of_them[:10])


def test_a_request_that_is_being_answered_is_kept_longer_than_a_silent_connection() -> None:
    found = held("192.0.2.1", 10)
    busy = clients(found[:4])
    assert clients(surplus(found, busy, 4, NOW)) == clients(found[4:])


def test_a_connection_that_has_just_come_has_the_time_to_say_something() -> None:
    found, new = held("192.0.2.1", 10), held("192.0.2.1", 1, moved=NOW - 20, first=20)
    assert clients(surplus([*found, *new], clients(found), 10, NOW)) == {found[0].client}


def test_a_head_that_is_too_long_is_closed_at_once_but_no_upload() -> None:
    head, upload = held("192.0.2.1", 2, head=1 << 17)
    assert surplus([head, upload], {upload.client}, 10, NOW) == [head]


def test_readers_that_stand_still_are_kept_while_they_are_few() -> None:
    few = held("192.0.2.1", 100, moved=900, unsent=1)
    assert surplus(few, clients(few), 4096, NOW) == []
    many = held("192.0.2.1", 300, moved=NOW - 400, unsent=1)
    assert len(surplus(many, clients(many), 4096, NOW)) >= 300 - connections._STALLED
    assert surplus(held("192.0.2.1", 300), (), 4096, NOW) == []


def test_a_reader_that_has_taken_nothing_for_minutes_is_closed() -> None:
    reader = held("192.0.2.1", 1, moved=NOW - 121, unsent=1)
    assert surplus(reader, clients(reader), 4096, NOW) == reader


def test_progress_is_what_moves_a_connection() -> None:
    (connection,) = held("192.0.2.1", 1)
    connection.note(0, 100, 0, 5.0)
    assert (connection.moved, connection.head) == (5.0, 100)
    connection.note(0, 100, 7, 6.0)
    assert (connection.moved, connection.head, connection.unsent) == (5.0, 100, 7)
    connection.note(50, 120, 0, 7.0)
    assert (connection.moved, connection.head) == (7.0, 0)


@pytest.mark.parametrize(
    ("host", "of"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_address_is_that_of_one_client(host: str, of: str) -> None:
    assert network(host) == of


class Pairs:
    """A listening socket, and connections to it, both ends."""

    def __init__(self, stack: ExitStack, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._stack = stack
        self._listener = stack.enter_context(socket.create_server((host, 0), family=family))
        self.where = self._listener.getsockname()
        self.port = self.where[1]

    def connect(self, *, receives: int | None = None) -> tuple[socket.socket, socket.socket]:
        client = self._stack.enter_context(socket.socket(self._listener.family))
        if receives is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        client.connect(self.where)
        return client, self._stack.enter_context(self._listener.accept()[0])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@linux
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_kernel_tells_who_holds_a_connection_and_what_came(stack: ExitStack, host: str) -> None:
    pairs, others = Pairs(stack, host), Pairs(stack, host)
    client, served = pairs.connect()
    others.connect()
    looking = Connections(pairs.port)
    client.sendall(b"abc")
    assert served.recv(3) == b"abc"
    (found,) = looking.look(NOW, ())
    assert (found.client, found.received, found.head, found.descriptor) == (client.getsockname()[:2], 3, 3, served.fileno())
    assert looking.look(NOW, ()) == [found]
    (again,) = Connections(pairs.port).look(NOW, {client.getsockname()[:2]})
    assert again.head == 0


@linux
def test_a_reader_that_does_not_read_has_unsent_bytes_and_is_dropped(stack: ExitStack) -> None:
    pairs = Pairs(stack)
    _, served = pairs.connect(receives=4096)
    served.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            served.send(bytes(1 << 16))
    looking = Connections(pairs.port)
    (found,) = looking.look(NOW, ())
    assert found.unsent > 0
    looking.close(found)
    with pytest.raises(OSError):
        served.send(b"x")


@linux
def test_a_descriptor_that_has_become_anothers_is_left_alone(stack: ExitStack) -> None:
    pairs = Pairs(stack)
    _, first = pairs.connect()
    looking = Connections(pairs.port)
    (found,) = looking.look(NOW, ())
    client, second = pairs.connect()
    os.dup2(second.fileno(), first.fileno())
    looking.close(found)
    second.sendall(b"here")
    assert client.recv(4) == b"here"


@linux
def test_clients_that_have_gone_are_forgotten(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_FEW", 0)
    pairs = Pairs(stack)
    client, _ = pairs.connect()
    known = {client.getsockname(): False, ("192.0.2.1", 7): False}
    Sweeper(pairs.port, 10, known).sweep(NOW)
    assert known == {client.getsockname(): False}


@pytest.fixture
def narrow(tmp_path: Path, servers: list[Running]) -> Running:
    """A server that may open 700 files, and so takes 222 connections; 166 of them are for everybody."""
    serve = [str(CONTENTLIB), "serve", "--data-dir", str(tmp_path / "data"), "--listen", "127.0.0.1:0", "--no-tls"]
    command = ["/bin/sh", "-c", f"ulimit -n 700; exec {shlex.join(serve)}"]
    servers.append(processes.start(command, tmp_path))
    assert servers[-1].url
    return servers[-1]


BEGINNINGS = {
    "head": b"GET / HTTP/1.1\r\nHos",
    "call": b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{",
}


@linux
def test_whoever_holds_all_connections_shuts_nobody_out(narrow: Running, stack: ExitStack) -> None:
    where = urlsplit(narrow.url)
    for beginning in BEGINNINGS.values():
        for _ in range(250):
            connection = stack.enter_context(socket.create_connection((where.hostname, where.port), timeout=PATIENCE_SECONDS))
            connection.sendall(beginning)
        for source in ("127.0.0.1", "127.0.0.2"):
            assert status(where.netloc, source) == 200


def status(netloc: str, source: str) -> int:
    """That of /healthz, asked from an address."""
    connection = http.client.HTTPConnection(netloc, timeout=PATIENCE_SECONDS, source_address=(source, 0))
    with closing(connection):
        connection.request("GET", "/healthz")
        return connection.getresponse().status


@pytest.mark.parametrize(("hard", "places"), [(20_000, 4096), (resource.RLIM_INFINITY, 4096), (1024, 384), (64, 16)])
def test_a_worker_takes_no_more_connections_than_it_has_descriptors_for(
    monkeypatch: pytest.MonkeyPatch, hard: int, places: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, hard))
    assert server.places() == places
