"""Tests the streams of the audit log with real files, sockets and servers, and its retention."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from backends import BACKEND
from contentlib.jobs.audit_sinks import AuditSink, FileSink, SyslogSink, WebhookSink
from contentlib.jobs.audit_streams import AuditRetention, AuditStream
from contentlib.library.actors import set_actor
from contentlib.library.model import Actor, AuditNote, Outcome
from contentlib.library.ports import MetadataStore
from contentlib.outbound.client import Outbound
from contentlib.outbound.policy import OutboundPolicy
from contentlib.outbound.problems import RequestFailed
from whole import HandClock

SYSLOG = re.compile(rb"<1(08|10)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ contentlib \d+ audit - (\{.*\})")


@pytest.fixture
async def metadata(tmp_path: Path) -> AsyncIterator[MetadataStore]:
    store = BACKEND.open_rows(BACKEND.new_rows(tmp_path))
    yield store
    await store.close()


async def write(metadata: MetadataStore, *operations: str, outcome: Outcome = Outcome.SUCCEEDED) -> None:
    for operation in operations:
        set_actor(lambda operation=operation: Actor("ann", operation=operation, request="1"))  # type: ignore[misc] # bound now
        async with metadata.transaction(durable=False) as transaction:
            transaction.audit.note(AuditNote(outcome))
    set_actor(lambda: Actor(operation="server.test"))


def read(path: Path) -> list[str]:
    return [json.loads(line)["operation"] for line in path.read_text().splitlines()]


async def test_a_file_receives_each_entry_once_and_is_opened_again_after_it_was_rotated(
    metadata: MetadataStore, tmp_path: Path
) -> None:
    path = tmp_path / "audit.log"
    await write(metadata, "one", "two")
    stream = AuditStream(metadata, "file", FileSink(path))
    await stream.run()
    await stream.run()
    assert read(path) == ["one", "two"]
    path.rename(tmp_path / "audit.log.1")
    await write(metadata, "three\nfour")
    await AuditStream(metadata, "file", FileSink(path)).run()  # another process, or after a restart
    assert read(path) == ["three\nfour"]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_line_that_a_killed_server_left_half_is_ended(metadata: MetadataStore, tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(b'{"half')
    await write(metadata, "one")
    await AuditStream(metadata, "file", FileSink(path)).run()
    assert path.read_bytes().startswith(b'{"half\n{"sequence":1')


async def test_what_is_no_file_is_refused(metadata: MetadataStore, tmp_path: Path) -> None:
    await write(metadata, "one")
    with pytest.raises(OSError, match="directory"):
        await AuditStream(metadata, "file", FileSink(tmp_path)).run()


async def test_a_sink_that_fails_is_asked_again_from_the_same_entry(metadata: MetadataStore, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "audit.log"
    await write(metadata, "one")
    stream = AuditStream(metadata, "file", FileSink(path))
    with pytest.raises(FileNotFoundError):
        await stream.run()
    await stream.run()  # it waits before the next attempt
    path.parent.mkdir()
    await AuditStream(metadata, "file", FileSink(path)).run()
    assert read(path) == ["one"]


@contextmanager
def datagrams(family: int, address: Any) -> Iterator[socket.socket]:
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(60)
        yield receiver


async def test_syslog_over_udp(metadata: MetadataStore) -> None:
    await write(metadata, "one", outcome=Outcome.REFUSED)
    await write(metadata, "two\n<34>1 forged")
    with datagrams(socket.AF_INET, ("127.0.0.1", 0)) as receiver:
        sink = SyslogSink(f"udp://127.0.0.1:{receiver.getsockname()[1]}")
        await AuditStream(metadata, "syslog", sink).run()
        first, second = (SYSLOG.fullmatch(receiver.recv(65536)) for _ in range(2))
    assert first is not None and second is not None
    assert (first[1], json.loads(first[2])["operation"]) == (b"08", "one")
    assert (second[1], json.loads(second[2])["operation"]) == (b"10", "two\n<34>1 forged")


async def test_syslog_over_a_unix_socket(metadata: MetadataStore, tmp_path: Path) -> None:
    await write(metadata, "one")
    path = str(tmp_path / "log")
    with datagrams(socket.AF_UNIX, path) as receiver:
        await AuditStream(metadata, "syslog", SyslogSink(f"unix:{path}")).run()
        found = SYSLOG.fullmatch(receiver.recv(65536))
    assert found is not None


async def test_syslog_over_tcp_counts_octets(metadata: MetadataStore) -> None:
    await write(metadata, "one", "two")
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                while data := peer.recv(65536):
                    received.append(data)

        server = threading.Thread(target=serve)
        server.start()
        await AuditStream(metadata, "syslog", SyslogSink(f"tcp://127.0.0.1:{listener.getsockname()[1]}")).run()
        server.join()
    data, messages = b"".join(received), []
    while data:
        length, _, rest = data.partition(b" ")
        messages.append(SYSLOG.fullmatch(rest[: int(length)]))
        data = rest[int(length) :]
    assert len(messages) == 2 and all(messages)


class Hook(BaseHTTPRequestHandler):
    """Answers with the statuses that are given, then with 204."""

    statuses: list[int]
    received: list[tuple[str | None, list[str]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        operations = [json.loads(line)["operation"] for line in body.splitlines()]
        type(self).received.append((self.headers["authorization"], operations))
        self.send_response(self.statuses.pop(0) if self.statuses else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def webhook(*statuses: int) -> Iterator[tuple[str, type[Hook]]]:
    kind = type("Answering", (Hook,), {"statuses": list(statuses), "received": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/audit", kind
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_webhook_is_asked_again_until_it_accepts(metadata: MetadataStore) -> None:
    await write(metadata, "one", "two")
    outbound = Outbound(OutboundPolicy(["127.0.0.1"], [], []))
    with webhook(503, 302) as (url, hook):
        sink = WebhookSink(outbound, url, "secret")
        for _ in range(2):
            with pytest.raises(RequestFailed):
                await AuditStream(metadata, "webhook", sink).run()
        await AuditStream(metadata, "webhook", sink).run()
        await AuditStream(metadata, "webhook", sink).run()
    await outbound.close()
    assert hook.received == [("Bearer secret", ["one", "two"])] * 3


async def test_a_webhook_is_subject_to_the_outbound_rules(metadata: MetadataStore) -> None:
    await write(metadata, "one")
    outbound = Outbound(OutboundPolicy([], [], []))
    with webhook() as (url, hook):
        with pytest.raises(RequestFailed):
            await AuditStream(metadata, "webhook", WebhookSink(outbound, url, None)).run()
        assert hook.received == []
    await outbound.close()


async def test_more_than_one_batch_is_sent_in_order(metadata: MetadataStore) -> None:
    sent: list[int] = []

    class Counting(AuditSink):
        async def send(self, records: Any) -> None:
            sent.extend(record.link.sequence for record in records)

    await write(metadata, *map(str, range(250)))
    await AuditStream(metadata, "x", Counting()).run()
    assert sent == list(range(1, 251))


async def test_entries_that_are_too_old_are_removed_and_one_says_so(metadata: MetadataStore) -> None:
    await write(metadata, *map(str, range(5)))
    clock = HandClock(2**52)
    await AuditRetention(metadata, clock, 0).run()
    async with metadata.reading() as transaction:
        assert len(await transaction.audit.after(0, 100)) == 5
    await AuditRetention(metadata, clock, 1000).run()
    async with metadata.reading() as transaction:
        (entry,) = await transaction.audit.after(0, 100)
    assert '"changes":{"audit":5}' in entry.content
