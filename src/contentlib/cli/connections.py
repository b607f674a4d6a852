"""Closes connections that make no progress, to keep places free for new ones.

Granian accepts connections until all places are used, regardless of who holds them, and waits for slow readers forever. The
kernel knows the peer of each connection and when bytes last moved, even before a request is complete and under TLS. So a thread
inspects the connections of its process and shuts down those above the limits. Requires Linux.
"""

from __future__ import annotations

import ctypes
import ipaddress
import logging
import os
import socket
import struct
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_SECONDS = 0.25  # between two looks
_CROWDED_SECONDS = 0.05  # after one that found too many
_PAUSE = 4  # times as long as a look took is the least pause between two
_FEW = 128  # open files below which nothing can be scarce
_HEAD_BYTES = 64 * 1024  # of a request's head
_STALLED = 256  # readers that may stand still at once; each holds a quarter of a MiB in the server
_STALLED_SECONDS = 2.0
_STALLED_LIMIT_SECONDS = 120.0  # a reader that has taken no byte for so long has gone
_FRESH_SECONDS = 1.0
_REMEMBERED = 4096  # clients; with more, those that have gone are looked for
_LOG_SECONDS = 60.0
_IPV6_NETWORK = 64  # bits of an address that one client can choose no longer
_SO_COOKIE = 57  # a number that only one socket ever has
_COOKIE = struct.Struct("=Q")
_FAMILY = struct.Struct("=H")
_PORT = struct.Struct("!H")
_DROP = struct.pack("ii", 1, 0)
_IDLE = struct.Struct("=I4xI")  # tcp_info: last_data_sent, last_data_recv in milliseconds
_IDLE_AT = 44
_MOVED = struct.Struct("=QQ8xI")  # tcp_info: bytes_acked, bytes_received, notsent_bytes
_MOVED_AT = 120
_LOG = logging.getLogger(__name__)

Client = tuple[str, int]
"""Address and port of the other side."""


@dataclass(slots=True)
class TcpConnection:
    """A connection as the kernel reports it. `moved` is when a byte last moved, `head` the bytes received since a response."""

    descriptor: int
    cookie: int
    client: Client
    moved: float
    acked: int = 0
    received: int = 0
    unsent: int = 0
    head: int = 0

    def note(self, acked: int, received: int, unsent: int, now: float) -> None:
        """Updates the state of the connection."""
        if (acked, received) != (self.acked, self.received):
            self.moved = now
        self.head = 0 if acked != self.acked else self.head + received - self.received
        self.acked, self.received, self.unsent = acked, received, unsent


def surplus(connections: Collection[TcpConnection], busy: Collection[Client], places: int, now: float) -> list[TcpConnection]:
    """Returns the connections to close: headers that are too long, stalled readers, and those above the limit.

    `busy` are the clients whose request is being answered.
    """
    stalled = [each for each in connections if each.unsent and now - each.moved > _STALLED_SECONDS]
    closed = {each.cookie: each for each in connections if each.head > _HEAD_BYTES and each.client not in busy}
    closed |= {each.cookie: each for each in stalled if now - each.moved > _STALLED_LIMIT_SECONDS}
    closed |= {each.cookie: each for each in _unfair(stalled, _STALLED, busy, now)}
    left = [each for each in connections if each.cookie not in closed]
    return [*closed.values(), *_unfair(left, places, busy, now)]


def _unfair(connections: Collection[TcpConnection], most: int, busy: Collection[Client], now: float) -> list[TcpConnection]:
    """Returns the connections above `most`: every address keeps its best one, then its second best, while there are places.

    Connections with a running request are better than idle ones, and recent activity is better than old.
    """
    if len(connections) <= most:
        return []

    def worth(each: TcpConnection) -> tuple[bool, float]:
        return each.client in busy or now - each.moved < _FRESH_SECONDS, each.moved

    by_address: defaultdict[str, list[TcpConnection]] = defaultdict(list)
    for each in connections:
        by_address[network(each.client[0])].append(each)
    ranked = [
        (-rank, worth(each), each.cookie, each)
        for held in by_address.values()
        for rank, each in enumerate(sorted(held, key=worth, reverse=True))
    ]
    ranked.sort(reverse=True)
    return [each for *_, each in ranked[most:]]


@lru_cache(maxsize=8192)
def network(host: str) -> str:
    """The address, or the network in which one client can choose its address."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.version == 4:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _IPV6_NETWORK), strict=False))


class Kernel:
    """Calls of the kernel that keep the interpreter: a thread that gives it away at each call gets it back too late."""

    def __init__(self) -> None:
        library = ctypes.PyDLL(None)
        self._getsockopt, self._getpeername, self._getsockname = library.getsockopt, library.getpeername, library.getsockname
        self._library = library
        self._buffer = ctypes.create_string_buffer(256)
        self._size = ctypes.c_uint()
        self._pointer = ctypes.byref(self._size)

    def cookie(self, descriptor: int) -> int | None:
        """Returns the kernel's unique number of a socket, or None for other descriptors."""
        self._size.value = _COOKIE.size
        if self._getsockopt(descriptor, socket.SOL_SOCKET, _SO_COOKIE, self._buffer, self._pointer):
            return None
        return int(_COOKIE.unpack_from(self._buffer)[0])

    def progress(self, descriptor: int) -> tuple[int, int, int, int]:
        """Bytes that the other side has acknowledged, that came from it, that wait for it; milliseconds of silence."""
        self._size.value = len(self._buffer)
        if self._getsockopt(descriptor, socket.IPPROTO_TCP, socket.TCP_INFO, self._buffer, self._pointer):
            return 0, 0, 0, 0
        return *_MOVED.unpack_from(self._buffer, _MOVED_AT), min(_IDLE.unpack_from(self._buffer, _IDLE_AT))

    def client(self, descriptor: int) -> Client | None:
        """The other side of a connection."""
        return self._name(self._getpeername, descriptor)

    def port(self, descriptor: int) -> int | None:
        """The port on this side."""
        name = self._name(self._getsockname, descriptor)
        return None if name is None else name[1]

    def _name(self, function: Callable[..., int], descriptor: int) -> Client | None:
        self._size.value = len(self._buffer)
        if function(descriptor, self._buffer, self._pointer):
            return None
        family, port = _FAMILY.unpack_from(self._buffer)[0], _PORT.unpack_from(self._buffer, 2)[0]
        if family == socket.AF_INET:
            return socket.inet_ntop(family, self._buffer.raw[4:8]), port
        return (socket.inet_ntop(family, self._buffer.raw[8:24]), port) if family == socket.AF_INET6 else None

    def shut(self, descriptor: int, cookie: int, *, drop: bool) -> None:
        """Shuts a connection down, unless the descriptor has become another's; `drop` keeps nothing that is still unsent."""
        library = self._library
        duplicate = library.dup(descriptor)  # the number may become another's at any time
        if duplicate < 0:
            return
        if self.cookie(duplicate) == cookie:
            if drop:
                library.setsockopt(duplicate, socket.SOL_SOCKET, socket.SO_LINGER, _DROP, len(_DROP))
            library.shutdown(duplicate, socket.SHUT_RDWR)
        library.close(duplicate)


def give_memory_back() -> None:
    """Returns freed memory to the system, if the C library supports it."""
    with suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


class Connections:
    """The connections of this process on a port, as the kernel reports them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._kernel = Kernel()
        self._known: dict[int, TcpConnection] = {}

    def look(self, now: float, clients: Collection[Client]) -> list[TcpConnection]:
        """All of them, as they are now; `clients` are those that have sent a request."""
        found: dict[int, TcpConnection] = {}
        for descriptor in range(_slots()):
            cookie = self._kernel.cookie(descriptor)
            if cookie is None:
                continue
            connection = self._known.get(cookie) or self._new(descriptor, cookie, now, clients)
            if connection is not None:
                acked, received, unsent, _ = self._kernel.progress(descriptor)
                connection.note(acked, received, unsent, now)
                found[cookie] = connection
        self._known = found
        return list(found.values())

    def _new(self, descriptor: int, cookie: int, now: float, clients: Collection[Client]) -> TcpConnection | None:
        client = self._kernel.client(descriptor)
        if client is None or self._kernel.port(descriptor) != self._port:
            return None
        acked, received, unsent, silent = self._kernel.progress(descriptor)
        head = 0 if client in clients else received
        return TcpConnection(descriptor, cookie, client, now - silent / 1000, acked, received, unsent, head)

    def close(self, connection: TcpConnection) -> None:
        """Shuts down a connection. The server drops its state when it notices."""
        self._kernel.shut(connection.descriptor, connection.cookie, drop=bool(connection.unsent))


def _open_files() -> int:
    """Returns the number of open files, which kernels since 6.2 report without listing them."""
    return os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd"))  # noqa: PTH116, PTH208 - often, and no paths


def _slots() -> int:
    """A number that all descriptors are below."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("FDSize:")[2].split()[0])


class Sweeper:
    """Checks the connections periodically in a thread, so that a busy event loop does not delay it.

    `clients` are those that have sent a request, and whether one is being answered. Closed ones are removed.
    """

    def __init__(self, port: int, places: int, clients: dict[Client, bool]) -> None:
        self._connections = Connections(port)
        self._places = places
        self._clients = clients
        self._said = float("-inf")
        self._closed: Counter[str] = Counter()
        self._crowded = False

    def start(self) -> None:
        """Begins; the thread ends with the process."""
        if sys.platform == "linux":
            threading.Thread(target=self._run, name="connections", daemon=True).start()

    def _run(self) -> None:
        pause = _SECONDS
        while True:
            time.sleep(pause)
            began, closed = time.monotonic(), 0
            try:
                closed = self.sweep(began)
            except Exception:
                _LOG.exception("cannot examine the connections")
            pause = max(_CROWDED_SECONDS if closed else _SECONDS, _PAUSE * (time.monotonic() - began))

    def sweep(self, now: float) -> int:
        """Closes surplus connections and returns their number."""
        if _open_files() < _FEW and len(self._clients) < _REMEMBERED:
            self._rest()
            return 0
        clients = dict(self._clients)
        connections = self._connections.look(now, clients)
        self._forget(clients, connections)
        busy = {client for client, answering in clients.items() if answering}
        closed = surplus(connections, busy, self._places, now)
        for each in closed:
            self._connections.close(each)
            self._closed[network(each.client[0])] += 1
            self._crowded = True
        if self._closed and now - self._said >= _LOG_SECONDS:
            self._say(now, self._closed.most_common(3))
        return len(closed)

    def _rest(self) -> None:
        if self._crowded:
            give_memory_back()
            self._crowded = False

    def _forget(self, clients: Iterable[Client], connections: Iterable[TcpConnection]) -> None:
        """Drops the clients whose connections are over."""
        here = {each.client for each in connections}
        for client in clients:
            if client not in here:
                self._clients.pop(client, None)

    def _say(self, now: float, most: Iterable[tuple[str, int]]) -> None:
        clients = ", ".join(f"{address} ({count})" for address, count in most)
        _LOG.warning("closed %s stalled connections, most of them from %s", self._closed.total(), clients)
        self._closed.clear()
        self._said = now
