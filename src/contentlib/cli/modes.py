"""Makes files of the server inaccessible to other users of the machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_PRIVATE = 0o077
_OTHERS_READ = 0o004
_SECRET = (
    *("", "contentlib.db", "contentlib.db-wal", "contentlib.db-shm", "sealing.key", "transfer.key", "sign-on.key"),
    *("tls", "tls/key.pem"),
)


@cache
def private() -> int:
    """Makes all files that this process creates private, and returns the previous umask."""
    return os.umask(_PRIVATE)


@contextmanager
def as_started() -> Iterator[None]:
    """Lets a command create files for others, with the umask of its caller."""
    os.umask(private())
    try:
        yield
    finally:
        os.umask(_PRIVATE)


def mend(data_dir: Path) -> list[str]:
    """Removes access of other users from secret files, and returns a message for each file changed."""
    paths = [data_dir / name for name in _SECRET]
    return [sentence for path in paths if (sentence := _mend(path)) is not None]


def _mend(path: Path) -> str | None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None
    if not mode & _PRIVATE:
        return None
    wanted = mode & ~_PRIVATE
    try:
        path.chmod(wanted)
    except PermissionError:
        return f"{path} has mode {mode:04o} and belongs to another user; as its owner, run: chmod {wanted:04o} {path}"
    return f"mode of {path} was {mode:04o}; changed to {wanted:04o} because it contains secrets"


def advice(tls_key: Path | None) -> list[str]:
    """Returns recommendations for the operator."""
    found = [] if tls_key is None else _readable_key(tls_key)
    if os.geteuid() == 0:
        found.append("the server runs as root; run it as a dedicated user that owns the data directory")
    return found


def _readable_key(key: Path) -> list[str]:
    """A key that the operator keeps is left as it is."""
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
    except OSError:
        return []
    if not mode & _OTHERS_READ:
        return []
    return [f"private key {key} is readable by every user (mode {mode:04o}); run: chmod o= {key}"]
