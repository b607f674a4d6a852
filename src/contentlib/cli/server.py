"""Starts the processes: Granian's parent, which holds the port, and its workers, which end with it."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import gc
import itertools
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from contentlib.cli import addresses
from contentlib.cli.certificate import ServerCertificate
from contentlib.cli.connections import Sweeper
from contentlib.cli.draining import Draining
from contentlib.http.asgi import Application
from contentlib.settings import Settings, address

_BACKLOG = 4096  # connections that wait to be taken; beyond it a client tries again after a second
_CONNECTIONS = 4096  # a worker's: a slow download holds one of them and a file
_OTHER_FILES = 256  # that a worker may have open, beside those of its connections
_BUFFER_BYTES = 256 * 1024  # a connection's: less makes uploads slow, more is memory for every stalled download
_FILE_THREADS = 32  # a worker's readers of files: more of them crowd out other requests when many downloads begin at once
_CYCLES = 50_000  # new objects between two collections; a request leaves none that is part of a cycle
_PR_SET_PDEATHSIG = 1
_STOPS = (signal.SIGTERM, signal.SIGINT)
_TURNS = 100  # of the event loop; the server begins to serve a few turns after the application has started
_ATTEMPT_SECONDS = 0.01
_TO_OUR_LOGS = {"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}


@dataclass(frozen=True, slots=True)
class Port:
    """A host and port reserved for the workers. The socket is bound, so that no other process can take the port."""

    host: str
    number: int
    reserved: socket.socket

    def url(self, scheme: str, host: str | None = None) -> str:
        """The URL of the server, by another host name if one is given."""
        return addresses.server_url(scheme, host or self.host, self.number)

    def accepts(self) -> bool:
        """Whether a connection to the port is taken."""
        try:
            socket.create_connection((self.reachable(), self.number), timeout=1).close()
        except OSError:
            return False
        return True

    def reachable(self) -> str:
        """The host, or loopback where the server listens on every address."""
        return addresses.reachable(self.host)


def reserve(listen: str) -> Port:
    """Reserves the port, a free one for port 0. Raises OSError with a clear message if it is not available."""
    host, number = address(listen)
    try:
        family, _, _, _, where = _resolve(host, number)
        if number:
            # Servers may share a port that each opens for sharing; one that is not free without sharing is another's.
            _bound(family, where, socket.SO_REUSEADDR).close()
        reserved = _bound(family, where, socket.SO_REUSEPORT)
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        raise OSError(f"cannot listen on {listen}: {'address already in use' if in_use else error.strerror}") from error
    return Port(str(where[0]), reserved.getsockname()[1], reserved)


def run(
    settings: Settings,
    port: Port,
    certificate: ServerCertificate | None,
    create: Callable[[], Application],
    announce: Callable[[], None],
) -> None:
    """Serves until SIGTERM or SIGINT. `create` runs in each worker, `announce` once the server accepts connections."""
    multiprocessing.set_start_method("fork", force=True)  # the workers inherit the lock, and `create` is a closure
    _allow_many_files()
    server = _Server(settings, port, certificate, announce)
    parent = os.getpid()

    def load() -> Application:
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        _leave_with(parent)
        application = create()
        sweeper = Sweeper(port.number, places() * 3 // 4, application.clients)
        application.on_started = partial(_started, sweeper, partial(server.draining.hear, application.drain))
        return application

    try:
        server.serve(target_loader=load, wrap_loader=False)
    except SystemExit:
        # A worker that the same SIGINT reached first is no failure.
        if not server.interrupt_signal:
            raise RuntimeError("the workers exited repeatedly; see the log") from None


class _Server(MPServer):
    def __init__(
        self, settings: Settings, port: Port, certificate: ServerCertificate | None, announce: Callable[[], None]
    ) -> None:
        super().__init__(
            "contentlib",
            address=port.host,
            port=port.number,
            interface=Interfaces.ASGI,
            workers=settings.workers,
            websockets=False,
            http=HTTPModes.http1,  # docs/design/decisions/0004
            backlog=_BACKLOG,
            backpressure=places(),
            runtime_blocking_threads=_FILE_THREADS,
            http1_settings=HTTP1Settings(max_buffer_size=_BUFFER_BYTES),
            log_level=LogLevels.warning,
            log_dictconfig=_TO_OUR_LOGS,
            ssl_cert=certificate.certificate if certificate else None,
            ssl_key=certificate.key if certificate else None,
            ssl_protocol_min=SSLProtocols.tls12,
            respawn_failed_workers=True,
            workers_kill_timeout=settings.shutdown_seconds,
        )
        self.respawned_wrks = _Respawned(self)
        self._reserved = port
        self._announce = announce
        self._parent = os.getpid()
        self._drain_seconds = settings.drain_seconds
        self._signals = itertools.count()
        self._hurried = threading.Event()
        self.draining = Draining()

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - Granian gives them
        """Ends the server. A worker has this handler of its parent's for a moment, until it has its own, and just leaves.

        The events are set in a thread: the main one may have been interrupted while it holds the lock of one.
        """
        if os.getpid() != self._parent:
            os._exit(0)
        threading.Thread(target=self._leave if next(self._signals) == 0 else self._hurry).start()

    def _leave(self) -> None:
        """Ends the server, after a time in which `/readyz` tells it to balancers."""
        if self._drain_seconds:
            self.draining.begin()
            self._hurried.wait(self._drain_seconds)
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call] # granian types it not

    def _hurry(self) -> None:
        """Ends the server at once, without waiting for running requests."""
        self._hurried.set()
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call] # the same
        for worker in list(self.wrks):
            worker.kill()  # type: ignore[no-untyped-call] # the same

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call] # granian types it not
        if sys.stdin is not None and sys.stdin.isatty():
            signal.signal(signal.SIGHUP, self.signal_handler_interrupt)  # the terminal was closed; this is not a reload
        while not self.main_loop_interrupt.wait(_ATTEMPT_SECONDS):
            if self._reserved.accepts():
                self._announce()
                return


class _Respawned(dict[int, float]):
    """When each worker was replaced, by its number; Granian gives up where one ends soon after that.

    A worker that was killed has not failed to start, so it is replaced as often as that happens.
    """

    def __init__(self, server: _Server) -> None:
        super().__init__()
        self._server = server

    def get(self, worker: int, default: float = 0) -> float:  # type: ignore[override] # it is asked for nothing else
        killed = (self._server.wrks[worker].inner.exitcode or 0) < 0
        return default if killed else super().get(worker, default)


def _resolve(host: str, number: int) -> tuple[Any, ...]:
    found = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return min(found, key=lambda each: each[0] != socket.AF_INET)  # `localhost` is 127.0.0.1


def _bound(family: socket.AddressFamily, where: tuple[Any, ...], sharing: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, sharing, 1)
        bound.bind(where)
    except OSError:
        bound.close()
        raise
    return bound


def _allow_many_files() -> None:
    """Lifts the soft limit of open files, often 1024: a download holds a connection and a file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _leave_with(parent: int) -> None:
    """Ends a worker immediately if its parent is killed, and leaves the terminal's Ctrl-C to the parent."""
    os.setpgid(0, 0)
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        logging.getLogger(__name__).warning("cannot tie the worker to its parent process: %s", os.strerror(ctypes.get_errno()))
    if os.getppid() != parent:
        os._exit(1)


def places() -> int:
    """Returns the number of connections that a worker accepts. With more, it would run out of descriptors."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _CONNECTIONS if hard == resource.RLIM_INFINITY else max(16, min(_CONNECTIONS, (hard - _OTHER_FILES) // 2))


async def _started(sweeper: Sweeper, hear_draining: Callable[[], object]) -> None:
    sweeper.start()
    hear_draining()
    _spare_the_collector()
    await _hear_signals()


async def _hear_signals() -> None:
    """Enables stopping a worker once it serves: a signal during its start would have been lost."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)


def _spare_the_collector() -> None:
    """Excludes the objects of the server from garbage collection, because they live as long as it does.

    There is no last collection at the end either, which would take longer than the start and free little.
    """
    gc.freeze()
    gc.set_threshold(_CYCLES)
