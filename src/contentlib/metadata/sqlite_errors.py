"""Maps SQLite errors to the OSError that callers of a metadata store receive."""

from __future__ import annotations

import errno
import sqlite3

_PRIMARY = 0xFF
_TOLD = {
    sqlite3.SQLITE_BUSY: (errno.EBUSY, "the database is locked by another process"),
    sqlite3.SQLITE_LOCKED: (errno.EBUSY, "the database is locked"),
    sqlite3.SQLITE_READONLY: (errno.EROFS, "the database cannot be written"),
    sqlite3.SQLITE_PERM: (errno.EACCES, "access to the database is denied"),
    sqlite3.SQLITE_AUTH: (errno.EACCES, "access to the database is denied"),
    sqlite3.SQLITE_CANTOPEN: (errno.ENOENT, "the database cannot be opened"),
    sqlite3.SQLITE_FULL: (errno.ENOSPC, "the disk of the database is full"),
    sqlite3.SQLITE_IOERR: (errno.EIO, "the database cannot be read or written"),
    sqlite3.SQLITE_CORRUPT: (errno.EIO, "the database is damaged"),
    sqlite3.SQLITE_NOTADB: (errno.EIO, "the database is damaged"),
    sqlite3.SQLITE_NOMEM: (errno.ENOMEM, "the database is out of memory"),
}


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process has the file."""
    return _code(error) == sqlite3.SQLITE_BUSY


def busy_error(why: str) -> sqlite3.OperationalError:
    """Returns the error for a file that is in use."""
    error = sqlite3.OperationalError(why)
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


def is_broken(error: sqlite3.Error) -> bool:
    """Whether the disk could not be read or written."""
    return _code(error) == sqlite3.SQLITE_IOERR


def as_os_error(error: BaseException) -> BaseException:
    """Converts errors of the file or its disk to an OSError. Returns others, such as violated constraints, unchanged."""
    told = _TOLD.get(_code(error)) if isinstance(error, sqlite3.Error) else None
    return error if told is None else OSError(told[0], f"{told[1]}: {error}")


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY


def raise_for(error: BaseException | None) -> None:
    """Raises an error of SQLite as the OSError that it is to callers; others pass."""
    if isinstance(error, sqlite3.Error) and (told := as_os_error(error)) is not error:
        raise told from error
