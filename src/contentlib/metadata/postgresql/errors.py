"""Maps PostgreSQL errors to the OSError that callers of a metadata store receive."""

from __future__ import annotations

import asyncio
import errno

import asyncpg
from asyncpg import exceptions

ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, asyncio.TimeoutError)
"""All that a statement may raise."""

_TOLD: tuple[tuple[type[Exception], int, str], ...] = (
    (exceptions.LockNotAvailableError, errno.EBUSY, "the database is locked by another process"),
    (exceptions.DeadlockDetectedError, errno.EBUSY, "the database is locked by another process"),
    (exceptions.SerializationError, errno.EBUSY, "a row changed while it was read"),
    (exceptions.QueryCanceledError, errno.ETIMEDOUT, "the database canceled a statement"),
    (exceptions.IdleInTransactionSessionTimeoutError, errno.ETIMEDOUT, "the database ended a transaction that stood still"),
    (exceptions.ReadOnlySQLTransactionError, errno.EROFS, "the database cannot be written"),
    (exceptions.InvalidAuthorizationSpecificationError, errno.EACCES, "access to the database is denied"),
    (exceptions.InsufficientPrivilegeError, errno.EACCES, "access to the database is denied"),
    (exceptions.InvalidCatalogNameError, errno.ENOENT, "the database does not exist"),
    (exceptions.DiskFullError, errno.ENOSPC, "the disk of the database is full"),
    (exceptions.TooManyConnectionsError, errno.EAGAIN, "the database server accepts no more connections"),
    (exceptions.OutOfMemoryError, errno.ENOMEM, "the database server is out of memory"),
    (exceptions.InsufficientResourcesError, errno.ENOMEM, "the database server lacks resources"),
    (exceptions.DataCorruptedError, errno.EIO, "the database is damaged"),
    (exceptions.IndexCorruptedError, errno.EIO, "the database is damaged"),
    (exceptions.PostgresIOError, errno.EIO, "the database cannot be read or written"),
    (exceptions.OperatorInterventionError, errno.ECONNRESET, "the database server is not available"),
    (exceptions.PostgresConnectionError, errno.ECONNRESET, "the connection to the database was lost"),
    (exceptions.TargetServerAttributeNotMatched, errno.EROFS, "no server of the database can be written"),
    (asyncpg.InternalClientError, errno.ECONNRESET, "the connection to the database was lost"),
    (asyncio.TimeoutError, errno.ETIMEDOUT, "the database does not respond"),
    (OSError, errno.ECONNREFUSED, "the database cannot be reached"),
)


class OutcomeUnknown(OSError):
    """The connection was lost during a commit, and the database could not be asked for its outcome."""

    def __init__(self) -> None:
        text = "the connection to the database was lost during a commit; it is unknown whether the change was made"
        super().__init__(errno.EIO, text)


def told_error(error: BaseException, *, closed: bool = False) -> BaseException:
    """Converts errors of the server or the way to it to an OSError. Returns others, such as violated constraints, unchanged.

    `closed` means that the connection is, so that the driver refused the statement.
    """
    if closed and isinstance(error, asyncpg.InterfaceError):
        return lost()
    for kind, number, text in _TOLD:
        if isinstance(error, kind):
            return OSError(number, f"{text}: {_line(error)}")
    return error


def lost() -> OSError:
    """The error of a statement whose connection was closed."""
    return OSError(errno.ECONNRESET, "the connection to the database was lost")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
