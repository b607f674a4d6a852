"""Bytes to a server as they are, and what comes back."""

from __future__ import annotations

import socket
from dataclasses import dataclass

_SECONDS = 60.0


@dataclass(frozen=True)
class Heard:
    """What a server sent until it said no more: nothing, or a status and the rest."""

    data: bytes
    closed: bool

    @property
    def status(self) -> int | None:
        """The status of the first answer; None where there is none."""
        line = self.data.partition(b"\r\n")[0].split(b" ")
        return int(line[1]) if len(line) > 1 and line[1].isdigit() else None


def say(url: str, data: bytes, *, end: bool = True, seconds: float = _SECONDS) -> Heard:
    """Sends bytes, says that no more come, and hears until the server closes or a whole answer is there."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except OSError:  # it has heard enough, and closed
            pass
        return _heard(connection)


def _heard(connection: socket.socket) -> Heard:
    pieces: list[bytes] = []
    try:
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
            if _whole(b"".join(pieces)):
                return Heard(b"".join(pieces), closed=False)
    except ConnectionResetError:
        pass
    except TimeoutError as error:
        raise AssertionError(f"the server says nothing more after {b''.join(pieces)[:300]!r}") from error
    return Heard(b"".join(pieces), closed=True)


def _whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0].partition(b":")[2])
