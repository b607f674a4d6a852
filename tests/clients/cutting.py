"""A connection that breaks in the middle: a proxy that passes so many bytes and then lets go of both ends."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit

_RESET = struct.pack("ii", 1, 0)  # linger for no time: what is not sent is thrown away, and the peer hears a reset


Most = int | Callable[[], int] | None
"""After how many bytes a connection breaks: always the same, drawn for each connection, or never."""


@contextmanager
def cutting(url: str, *, up: Most = None, down: Most = None) -> Iterator[str]:
    """The address of a proxy whose connections break after so many bytes to the server, or from it."""
    target = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = Thread(target=_accept, args=(listening, (target.hostname, target.port), up, down), daemon=True)
        accepting.start()
        yield target._replace(netloc=f"127.0.0.1:{listening.getsockname()[1]}").geturl()
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join(60)


def _accept(listening: socket.socket, target: tuple[str, int], up: Most, down: Most) -> None:
    with suppress(OSError):  # the listening socket is closed when nobody needs it any more
        while True:
            client, _ = listening.accept()
            server = socket.create_connection(target)
            for source, sink, most in ((client, server, up), (server, client, down)):
                drawn = most() if callable(most) else most
                Thread(target=_pass, args=(source, sink, drawn), daemon=True).start()


def _pass(source: socket.socket, sink: socket.socket, most: int | None) -> None:
    passed = 0
    with suppress(OSError):  # the other direction may have ended the connection
        while data := source.recv(65536):
            passed += len(data)
            if most is not None and passed > most:
                for each in (source, sink):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    each.shutdown(socket.SHUT_RDWR)
                break
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):  # it is closed already
            each.shutdown(socket.SHUT_RDWR)  # while the other direction waits for it, closing alone would not end it
        each.close()
