"""What the machine can do at best, which stands behind the figures: measured once in a run."""

from __future__ import annotations

import functools
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from bench.load import MIB, openssl_speed
from bench.results import megabytes
from bench.servers import CACHE

_SECONDS = 2.0
_PAGE = bytes(4096)
_STARTS = 5
_SENDER = """import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    while True:
        connection.sendall(bytes(1 << 20))
"""


@functools.cache
def loopback() -> str:
    """Bytes a second that one thread sends to another program over one connection on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        process = subprocess.Popen([sys.executable, "-c", _SENDER, str(port)], stderr=subprocess.DEVNULL)
        try:
            connection, _ = listening.accept()
            with connection:
                return f"loopback {megabytes(_received(connection))}"
        finally:
            process.kill()
            process.wait()


def _received(connection: socket.socket) -> float:
    buffer, size, began = bytearray(MIB), 0, time.monotonic()
    while (now := time.monotonic()) < began + _SECONDS:
        size += connection.recv_into(buffer)
    return size / (now - began)


@functools.cache
def hashing() -> str:
    """Bytes a second that one core hashes."""
    return "SHA-256 " + megabytes(openssl_speed("sha256"))


@functools.cache
def encrypting() -> str:
    """Bytes a second that one core encrypts, in records of TLS."""
    return "AES-GCM " + megabytes(openssl_speed("aes-256-gcm"))


@functools.cache
def flushing() -> str:
    """How often a second the disk of the checkout flushes a file to which a page was added."""
    with tempfile.TemporaryFile(dir=CACHE) as file:
        count, began = 0, time.monotonic()
        while (now := time.monotonic()) < began + _SECONDS:
            os.write(file.fileno(), _PAGE)
            os.fdatasync(file.fileno())
            count += 1
    return f"{count / (now - began):,.0f} flushes/s"


@functools.cache
def python() -> str:
    """Seconds that Python takes to start and end."""
    return f"Python alone {statistics.median(_start() for _ in range(_STARTS)):.2f} s"


def _start() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return time.monotonic() - began
