"""A line between a browser and a server that can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading

_RECEIVED = 1 << 18


class Line:
    """The line between a browser and a server. It lets only so much of uploads pass, and can be cut or die without a sign."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._allowed = 0
        self._changed = threading.Condition()
        self._open: list[socket.socket] = []
        self._breaks: int | None = None
        self._dies: int | None = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the browser goes."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def allow(self, more: int) -> None:
        """Lets more bytes of uploads pass."""
        with self._changed:
            self._allowed += more
            self._changed.notify_all()

    def cut(self) -> None:
        """Ends all connections."""
        with self._changed:
            self._allowed = 0
            ends = list(self._open)
        self._end(*ends)

    def heal(self) -> None:
        """Breaks no more, and lets nothing of uploads pass."""
        self.cut()
        self._breaks = self._dies = None

    def breaks(self, after: int) -> None:
        """Lets so many bytes of an upload pass on a connection, and ends it then: each connection, from now on."""
        self._breaks = after

    def dies(self, after: int) -> None:
        """Lets so many bytes of an upload pass on the next connection, and then nothing in either direction, without a sign."""
        self._dies = after

    def close(self) -> None:
        """Takes no more connections."""
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(browser,), daemon=True).start()

    def _connect(self, browser: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._port))
        except OSError:
            browser.close()
            return
        with self._changed:
            self._open += [browser, server]
        threading.Thread(target=self._relay, args=(server, browser), daemon=True).start()
        self._relay(browser, server, limited=True)

    def _relay(self, source: socket.socket, target: socket.socket, *, limited: bool = False) -> None:
        uploads, passed = False, 0
        with contextlib.suppress(OSError):
            while data := source.recv(_RECEIVED):
                uploads = uploads or (limited and data.startswith(b"PUT "))
                if uploads:
                    self._take(len(data), source)
                    passed += len(data)
                    self._break(passed, source)
                target.sendall(data)
        self._end(source, target)

    def _break(self, passed: int, source: socket.socket) -> None:
        if self._breaks is not None and passed > self._breaks:
            raise ConnectionError
        if self._dies is not None and passed > self._dies:
            self._dies = None
            with self._changed:
                self._changed.wait_for(lambda: source not in self._open)

    def _end(self, *ends: socket.socket) -> None:
        with self._changed:
            self._open = [each for each in self._open if each not in ends]
            self._changed.notify_all()  # bytes that wait for leave to pass are given up
        for each in ends:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _take(self, size: int, source: socket.socket) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._allowed >= size or source not in self._open)
            if source not in self._open:
                raise ConnectionError
            self._allowed -= size
