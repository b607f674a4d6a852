"""The load: wrk for requests, curl for bytes, a probe at a fixed rate for latencies, and the kernel's word on memory."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from bench.rest import TOKEN_HEADER

MIB = 1 << 20
_HERE = Path(__file__).parent
_CONNECTIONS = 32
_PROBES_A_SECOND = 100
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a load."""

    method: str
    path: str
    body: object = None


class Counts(msgspec.Struct, frozen=True):
    """What wrk counted."""

    requests: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float
    most_ms: float


def requests_a_second(url: str, token: str, requests: Sequence[Request], seconds: int, scratch: Path) -> float:
    """Sends the requests in turn over 32 connections as fast as they are answered; an error is a failure."""
    found = counts(url, token, requests, seconds, scratch)
    return found.requests / found.seconds


def counts(
    url: str, token: str, requests: Sequence[Request], seconds: int, scratch: Path, connections: int = _CONNECTIONS
) -> Counts:
    """Sends the requests in turn over some connections as fast as they are answered; an error is a failure."""
    listed = scratch / "requests.tsv"
    with listed.open("wb") as file:
        for each in requests:
            body = msgspec.json.encode(each.body) if each.body else b""
            file.write(b"%b\t%b\t%b\n" % (each.method.encode(), each.path.encode(), body))
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", str(seconds), "--timeout", "30"]
    command += ["--script", str(_HERE / "requests.lua"), url, "--", str(listed), token]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    found = msgspec.json.decode(output.rstrip().rpartition(b"\n")[2], type=Counts)
    if found.refused or found.broken or not found.requests:
        raise RuntimeError(f"{requests[0].method} {requests[0].path}: {found}")
    return found


def download(urls: Sequence[str], token: str = "") -> float:
    """Reads each address over its own connection at once; returns bytes a second of all together."""
    return _transfers([_curl(token, url) for url in urls])


def ranges(url: str, count: int, size: int, token: str = "") -> float:
    """Reads so many ranges of an address, one after another in the file, at once; returns bytes a second of all together."""
    starts = range(0, count * size, size)
    return _transfers([_curl(token, url, "--range", f"{start}-{start + size - 1}") for start in starts])


def upload(urls: Sequence[str], source: Path, token: str = "") -> float:
    """PUTs a file to each address at once; returns bytes a second of all together."""
    return _transfers([_curl(token, url, "--upload-file", str(source)) for url in urls])


def openssl_speed(algorithm: str) -> float:
    """Bytes a second that one core hashes or encrypts, by OpenSSL's own measure."""
    command = ["openssl", "speed", "-mr", "-seconds", "3", "-bytes", "16384", "-evp", algorithm]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return float(output.rstrip().rpartition(":")[2])


@contextmanager
def slow_transfers(
    downloads: Sequence[str], uploads: Sequence[str], source: Path, token: str, rates: tuple[str, str]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Transfers that run until the block is left, each at the rate that curl is told."""
    down, up = rates
    commands = [_curl(token, url, "--limit-rate", down) for url in downloads]
    commands += [_curl(token, url, "--limit-rate", up, "--upload-file", str(source)) for url in uploads]
    running = [subprocess.Popen(each, stdout=subprocess.DEVNULL) for each in commands]
    try:
        yield running
    finally:
        for each in running:
            each.kill()
            each.wait()


def latencies(url: str, token: str, path: str, until: Callable[[], bool]) -> list[float]:
    """Seconds that a GET takes, a hundred times a second, counted from when it was due and not from when it could be sent."""
    where = urlsplit(url)
    head = f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n{TOKEN_HEADER}: {token}\r\n\r\n"
    return asyncio.run(_Probe(str(where.hostname), where.port or 80, head.encode()).run(until))


def p99_ms(seconds: Sequence[float]) -> float:
    """The 99th percentile in milliseconds."""
    return sorted(seconds)[int(len(seconds) * 0.99)] * 1000


class Connection:
    """A kept connection that sends ready requests and reads whole answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def exchange(self, request: bytes) -> bytes:
        """Sends a request and returns the body of its answer, which must be 200."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"\ncontent-length: *(\d+)", head)
        if b" 200 " not in head.partition(b"\r\n")[0] or not length:
            raise RuntimeError(f"{request[:80]!r}: {head!r}")
        return await self._reader.readexactly(int(length[1]))

    def close(self) -> None:
        """Closes the connection."""
        self._writer.close()


async def connect(host: str, port: int) -> Connection:
    """Opens a connection."""
    return Connection(*await asyncio.open_connection(host, port))


class _Probe:
    def __init__(self, host: str, port: int, request: bytes) -> None:
        self._host = host
        self._port = port
        self._request = request
        self._idle: list[Connection] = []
        self._seconds: list[float] = []

    async def run(self, until: Callable[[], bool]) -> list[float]:
        loop = asyncio.get_running_loop()
        due = loop.time()
        async with asyncio.TaskGroup() as group:
            while not until():
                group.create_task(self._one(due))
                due += 1 / _PROBES_A_SECOND
                await asyncio.sleep(max(0, due - loop.time()))
        for connection in self._idle:
            connection.close()
        return self._seconds

    async def _one(self, due: float) -> None:
        connection = self._idle.pop() if self._idle else await connect(self._host, self._port)
        await connection.exchange(self._request)
        self._seconds.append(asyncio.get_running_loop().time() - due)
        self._idle.append(connection)


class Memory:
    """The memory of a process and its descendants, sampled while the block runs."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self.before = 0
        self.peak = 0

    def __enter__(self) -> Memory:
        self.before = self.peak = proportional_set(self._pid)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.peak = max(self.peak, proportional_set(self._pid))


def proportional_set(pid: int) -> int:
    """Resident bytes of a process and its descendants, shared pages counted by their share (PSS)."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = [child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:  # the process ended meanwhile
        return 0
    own = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
    return (int(own[1]) * 1024 if own else 0) + sum(proportional_set(int(child)) for child in children)


def settle() -> None:
    """Lets the kernel write what it still has to write, so that one run does not pay for the other."""
    os.sync()
    time.sleep(0.5)


def _curl(token: str, url: str, *more: str) -> list[str]:
    """A transfer; over TLS in HTTP/1.1 too, so that all servers are asked the same."""
    command = ["curl", "--silent", "--show-error", "--fail", "--insecure", "--http1.1", "--noproxy", "*"]
    command += ["--header", f"{TOKEN_HEADER}: {token}"] if token else []
    command += ["--header", "Expect:", "--output", "/dev/null"]
    return [*command, *more, "--write-out", "%{size_download} %{size_upload} %{time_total}", url]


def _transfers(commands: Sequence[Sequence[str]]) -> float:
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
    outputs = [each.communicate()[0] for each in running]
    if any(each.returncode for each in running):
        raise RuntimeError(f"{commands[0]}: curl ended with {[each.returncode for each in running]}")
    figures = [[float(figure) for figure in output.split()] for output in outputs]
    return sum(down + up for down, up, _ in figures) / max(seconds for _, _, seconds in figures)
