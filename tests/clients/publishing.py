"""A web server with the files of a directory, to pull from."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

NO_HEAD = "/no-head"


class _Files(SimpleHTTPRequestHandler):
    """Files for GET and HEAD; below NO_HEAD a HEAD is not answered at all, as some servers of images do it."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        if self.path.startswith(NO_HEAD):
            self.close_connection = True
        else:
            super().do_HEAD()

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(NO_HEAD))

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def publishing(directory: Path, tls: Path | None = None) -> Iterator[str]:
    """The address of the files; over TLS with the certificate and key of a directory."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(directory))) as server:
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "certificate.pem", tls / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
