"""Sends audit entries elsewhere: to a file, to syslog (RFC 5424) and to a webhook."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import stat
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from contentlib.library.model import AuditRecord, Outcome
from contentlib.outbound.client import Outbound

SECONDS = 4.0
"""The time that a batch may take to be sent."""
_AUDIT_FACILITY = 13 * 8
_INFORMATIONAL, _WARNING = 6, 4
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")


class AuditSink(Protocol):
    """Receives entries."""

    async def send(self, records: Sequence[AuditRecord]) -> None:
        """Returns when the entries have arrived; raises OSError or RequestFailed if they may not have."""


class FileSink:
    """Appends entries to a file as JSON lines. It is opened for each batch, so that it can be rotated at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, records: Sequence[AuditRecord]) -> None:
        """Appends the entries."""
        await asyncio.to_thread(self._append, "".join(f"{record.line()}\n" for record in records).encode())

    def _append(self, data: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe would be waited for
        file = os.open(self._path, flags, 0o600)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, f"{self._path} is not a regular file")
            if found.st_size and os.pread(file, 1, found.st_size - 1) != b"\n":  # the server was killed while it wrote
                data = b"\n" + data
            while data:
                data = data[os.write(file, data) :]
            os.fsync(file)
        finally:
            os.close(file)


class SyslogSink:
    """Sends entries to a syslog server at `udp://HOST:PORT`, `tcp://HOST:PORT` or `unix:PATH`, over TCP with octet counting."""

    def __init__(self, address: str) -> None:
        scheme, _, path = address.partition(":")
        self._scheme = scheme
        self._path = path
        self._parts = urlsplit(address)
        self._host = _UNPRINTABLE.sub("-", socket.gethostname())[:255] or "-"

    async def send(self, records: Sequence[AuditRecord]) -> None:
        """Sends the entries."""
        messages = [self._message(record) for record in records]
        await asyncio.to_thread(self._send, messages)

    def _message(self, record: AuditRecord) -> bytes:
        severity = _INFORMATIONAL if record.outcome == Outcome.SUCCEEDED else _WARNING
        moment = datetime.fromtimestamp(record.time / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = f"<{_AUDIT_FACILITY + severity}>1 {moment} {self._host} contentlib {os.getpid()} audit -"
        return f"{head} {record.line()}".encode("ascii")

    def _send(self, messages: list[bytes]) -> None:
        if self._scheme == "tcp":
            self._stream(socket.create_connection(self._place(), SECONDS), messages)
        elif self._scheme == "udp":
            self._datagrams(*_resolved(self._place()), messages)
        else:
            try:
                self._datagrams(socket.AF_UNIX, self._path, messages)
            except OSError as error:
                if error.errno != errno.EPROTOTYPE:
                    raise
                stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                stream.settimeout(SECONDS)
                stream.connect(self._path)
                self._stream(stream, messages)

    def _place(self) -> tuple[str, int]:
        return self._parts.hostname or "", self._parts.port or 514

    def _datagrams(self, family: int, address: tuple[str, int] | str, messages: list[bytes]) -> None:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as sender:
            sender.settimeout(SECONDS)
            sender.connect(address)
            for message in messages:
                sender.send(message)

    def _stream(self, sender: socket.socket, messages: list[bytes]) -> None:
        """Sends all, and waits for the server to close, which it does when it has read all; a reset means that it has not."""
        with closing(sender):
            sender.sendall(b"".join(b"%d %b" % (len(each), each) for each in messages))
            sender.shutdown(socket.SHUT_WR)
            sender.settimeout(1.0)
            with suppress(TimeoutError):
                sender.recv(1)


def _resolved(place: tuple[str, int]) -> tuple[int, tuple[str, int]]:
    family, _, _, _, address = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)[0]
    return family, (str(address[0]), int(address[1]))


class WebhookSink:
    """Posts entries as JSON lines to a URL, which must answer with a status of 2xx."""

    def __init__(self, outbound: Outbound, url: str, token: str | None) -> None:
        self._outbound = outbound
        self._url = url
        self._headers = {"Content-Type": "application/x-ndjson"} | (
            {} if token is None else {"Authorization": f"Bearer {token}"}
        )

    async def send(self, records: Sequence[AuditRecord]) -> None:
        """Posts the entries."""
        body = "".join(f"{record.line()}\n" for record in records).encode()
        async with asyncio.timeout(SECONDS):
            await self._outbound.post(self._url, body, self._headers)
