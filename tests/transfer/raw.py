"""A client on a bare socket, for what a well-behaved one does not do."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from processes import PATIENCE_SECONDS


class Raw:
    """One connection to a server."""

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        assert where.hostname is not None
        self.socket = socket.create_connection((where.hostname, where.port or 80), timeout=PATIENCE_SECONDS)
        self._read = b""

    def send(self, method: str, address: str, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        """Sends a request's head, and as much of its body as is given."""
        lines = [f"{method} {address} HTTP/1.1", "host: test", *(f"{name}: {value}" for name, value in (headers or {}).items())]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def chunk(self, data: bytes) -> None:
        """Sends a chunk of a chunked body; an empty one ends it."""
        self.socket.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def head(self) -> tuple[int, dict[str, str]]:
        """The status and the headers of the next answer."""
        while b"\r\n\r\n" not in self._read:
            piece = self.socket.recv(65536)
            assert piece, f"the server closed the connection after {self._read!r}"
            self._read += piece
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        return int(first.split()[1]), {name.lower(): value for name, _, value in pairs}

    def body(self, size: int) -> bytes:
        """The next bytes of a body, fewer when the server closes the connection."""
        while len(self._read) < size and (piece := self.socket.recv(1 << 20)):
            self._read += piece
        taken, self._read = self._read[:size], self._read[size:]
        return taken

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer."""
        status, headers = self.head()
        return status, headers, self.body(int(headers["content-length"]))

    def close(self) -> None:
        """Goes away at once."""
        self.socket.close()

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
