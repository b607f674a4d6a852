"""Where a run of the bench keeps its files, and a server with something in it to ask for."""

from __future__ import annotations

import itertools
import mmap
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import load, servers
from bench.load import MIB, Request
from bench.rest import DOWNLOAD_SESSION, LIBRARY, Rest
from bench.servers import CACHE, Certificate, Server

_SESSIONS = 100
_SECONDS = 4
_FEWEST = 200  # latencies that a 99th percentile is taken of


@dataclass(frozen=True, slots=True)
class Place:
    """A directory that goes with the run, and a certificate in it."""

    directory: Path
    certificate: Certificate
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new(self, name: str) -> Path:
        """A path that nothing has yet."""
        return self.directory / f"{name}-{next(self._numbers)}"

    def file(self, size: int) -> Path:
        """A file of random bytes."""
        made = self.new("file")
        with made.open("wb") as file:
            for _ in range(size // MIB):
                file.write(os.urandom(MIB))
        return made


@contextmanager
def place() -> Iterator[Place]:
    """A place on the disk that the checkout is on."""
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=CACHE) as name:
        directory = Path(name)
        yield Place(directory, servers.make_certificate(directory))


@dataclass(frozen=True, slots=True)
class Stocked:
    """A server with a library, an item and download sessions of it."""

    scratch: Path
    server: Server
    client: Rest
    library: str
    item: str
    sessions: list[str]

    def gets(self) -> list[Request]:
        """A GET of each download session."""
        return [Request("GET", f"{DOWNLOAD_SESSION}/id:{session}") for session in self.sessions]

    def creations(self) -> list[Request]:
        """The creation of a download session."""
        return [Request("POST", DOWNLOAD_SESSION, {"create_spec": {"library_item_id": self.item}})]

    def library_gets(self) -> list[Request]:
        """A GET of the library."""
        return [Request("GET", f"{LIBRARY}/id:{self.library}")]

    def answer_bytes(self, request: Request) -> int:
        """How long the answer to a request is."""
        return self.client.size(request.method, request.path, request.body)

    def rate(self, requests: Sequence[Request]) -> float:
        """How many of the requests are answered in a second."""
        return rate(self.server, self.client.token, requests, self.scratch)

    def latency(self, until: Callable[[], bool]) -> float:
        """The 99th percentile of the milliseconds that a GET takes."""
        seconds = load.latencies(self.server.url, self.client.token, self.gets()[0].path, until)
        if len(seconds) < _FEWEST:
            raise RuntimeError(f"{len(seconds)} answers are too few for a 99th percentile")
        return load.p99_ms(seconds)

    def upload(self, source: Path, name: str) -> str:
        """Makes a new item with one file; returns the item."""
        item = self.client.create_item(self.library, f"item of {name}")
        session, uri = self.client.begin_upload(item, name, source.stat().st_size)
        load.upload([uri], source, self.client.token)
        self.client.complete_upload(session)
        return item


def stocked(server: Server, place: Place) -> Stocked:
    """Logs in and makes what is asked for later."""
    client = Rest(server)
    library = client.create_library("bench")
    item = client.create_item(library, "item")
    return Stocked(place.directory, server, client, library, item, [client.create_download(item) for _ in range(_SESSIONS)])


def rate(server: Server, token: str, requests: Sequence[Request], scratch: Path) -> float:
    """How many of the requests a server answers in a second."""
    return load.requests_a_second(server.url, token, requests, _SECONDS, scratch)


def warm(size: int) -> None:
    """Touches memory and frees it: a virtual machine whose free memory went back to its host pays to get it again."""
    with mmap.mmap(-1, size) as memory:
        for _ in range(size // MIB):
            memory.write(bytes(MIB))
