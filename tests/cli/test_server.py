from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import processes
from contentlib.cli import lock, server
from processes import PATIENCE_SECONDS, Running, eventually

Start = Callable[..., Running]


class Request(threading.Thread):
    """A request in a thread, which the server has taken once `begin` returns."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.body: str | None = None
        self.taken = threading.Event()

    def begin(self) -> None:
        self.start()
        assert self.taken.wait(PATIENCE_SECONDS)

    def run(self) -> None:
        try:
            with httpx.stream("GET", self.url, timeout=PATIENCE_SECONDS) as response:
                self.taken.set()
                self.body = response.read().decode()
        except httpx.HTTPError:
            self.taken.set()


def answer(url: str) -> str:
    return httpx.get(url, timeout=PATIENCE_SECONDS).text


def refuses(url: str) -> bool:
    try:
        httpx.get(url, timeout=PATIENCE_SECONDS)
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        return True
    return False


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_running_request_finish(small: Start, end: signal.Signals) -> None:
    running = small()
    request = Request(f"{running.url}/?0.5")
    request.begin()
    running.process.send_signal(end)
    assert running.ended() == 0
    request.join(PATIENCE_SECONDS)
    assert request.body is not None
    assert request.body.endswith(".")


def test_ctrl_c_reaches_only_the_parent(small: Start) -> None:
    running = small()
    worker = int(answer(running.url).rstrip("."))
    assert os.getpgid(worker) == worker


def test_the_collector_is_spared_what_the_start_has_made(small: Start) -> None:
    assert httpx.get(f"{small().url}/spared").text == "True."


def test_a_server_needs_no_standard_input(tmp_path: Path, servers: list[Running]) -> None:
    program = str(Path(__file__).with_name("small_server.py"))
    command = ["/bin/sh", "-c", 'exec "$@" <&-', "sh", sys.executable, program, str(tmp_path), "30"]
    servers.append(processes.start(command, tmp_path))
    assert httpx.get(servers[-1].url).text.endswith(".")
    servers[-1].process.terminate()
    assert servers[-1].process.wait(10) == 0


def test_a_request_that_takes_too_long_is_cut_off(small: Start) -> None:
    running = small(shutdown_seconds=1)
    request = Request(f"{running.url}/?3600")
    request.begin()
    begun = time.monotonic()
    running.process.terminate()
    assert running.ended() == 0
    assert time.monotonic() - begun > 0.9
    request.join(PATIENCE_SECONDS)
    assert request.body is None


def test_a_worker_that_dies_is_replaced(small: Start) -> None:
    running = small()
    first = answer(running.url)
    assert refuses(f"{running.url}/exit")
    assert eventually(lambda: not refuses(running.url))
    assert answer(running.url) != first


def test_a_worker_that_is_killed_again_and_again_is_replaced_each_time(small: Start) -> None:
    running = small()
    for _ in range(3):
        os.kill(int(answer(running.url).rstrip(".")), signal.SIGKILL)
        assert eventually(lambda: not refuses(running.url))
    assert running.process.poll() is None


def test_a_killed_parent_takes_its_workers_with_it(small: Start, tmp_path: Path) -> None:
    running = small()
    request = Request(f"{running.url}/?3600")
    request.begin()
    running.process.kill()
    running.process.wait()
    assert eventually(lambda: refuses(running.url))
    os.close(lock.hold(tmp_path))
    request.join(PATIENCE_SECONDS)
    assert request.body is None


def test_port_0_is_a_free_port() -> None:
    one, other = server.reserve("127.0.0.1:0"), server.reserve("127.0.0.1:0")
    assert 0 < one.number != other.number > 0
    for port in (one, other):
        port.reserved.close()


def test_a_reserved_port_takes_no_connections_yet() -> None:
    port = server.reserve("localhost:0")
    assert port.host == "127.0.0.1"
    assert not port.accepts()
    port.reserved.close()


def test_a_port_in_use_is_refused_even_when_its_owner_shares_it() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(OSError, match=f"^cannot listen on {listen}: address already in use$"):
            server.reserve(listen)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(OSError, match=r"^cannot listen on 192\.0\.2\.1:0: "):
        server.reserve("192.0.2.1:0")


def test_urls_put_ipv6_addresses_into_brackets() -> None:
    with socket.socket() as reserved:
        port = server.Port("::", 8443, reserved)
        assert port.url("https") == "https://[::]:8443"
        assert port.url("https", port.reachable()) == "https://[::1]:8443"
