"""Locks a data directory so that only one server can use it.

The lock is a kernel lock on an open file, so it is released when the last process that holds it ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

_NAME = "server.lock"
_PATIENCE_SECONDS = 5.0


def hold(data_dir: Path) -> int:
    """Locks the directory for this process and those it forks; raises RuntimeError when another server holds it."""
    lock = os.open(data_dir / _NAME, os.O_RDWR | os.O_CREAT, 0o600)
    if not _take(lock):
        pid = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
        os.close(lock)
        raise RuntimeError(f"data directory {data_dir} is in use by another server, process {pid or 'unknown'}")
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
    return lock


def _take(lock: int) -> bool:
    """Acquires the lock, waiting only for workers of a killed server, which end shortly after it."""
    patience = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _holder_lives(lock) or time.monotonic() > patience:
                return False
            time.sleep(0.01)
        else:
            return True


def _holder_lives(lock: int) -> bool:
    written = os.pread(lock, 32, 0).strip()
    return written.isdigit() and Path("/proc", written.decode("ascii")).exists()
