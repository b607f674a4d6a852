"""Logins whose clients hang up, at a server of its own: they are not hashed, and keep nobody waiting."""

from __future__ import annotations

import base64
import http.client
import socket
from pathlib import Path
from urllib.parse import urlsplit

from processes import PATIENCE_SECONDS, serving
from whole import NAME

CLIENTS = 150
PASSWORD = "Secret-1"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def hang_up(host: str, port: int, name: str) -> None:
    """Sends a login and does not wait for the answer."""
    head = f"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: {basic(name, 'wrong')}\r\n\r\n"
    with socket.create_connection((host, port), PATIENCE_SECONDS) as client:
        client.sendall(head.encode())


def log_in(host: str, port: int) -> int:
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
    connection.request("POST", "/api/session", headers={"authorization": basic(NAME, PASSWORD)})
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_crowd_that_hangs_up_is_not_hashed(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-tls", CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as server:
        parts = urlsplit(server.url)
        host, port = str(parts.hostname), int(parts.port or 0)
        for n in range(CLIENTS):
            hang_up(host, port, f"nobody{n}")
        assert log_in(host, port) == 201
        server.process.terminate()
        answered = [line for line in server.output if "status=401" in line]
    assert len(answered) < 10
