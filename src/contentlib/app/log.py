"""Logs events for operators; the operation guide lists their names."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import structlog

from contentlib.http.message import Answer, Request, Response
from contentlib.library.catalogs import Catalog
from contentlib.library.errors import Fault
from contentlib.library.model import Library, Quota
from contentlib.monitor import count_failed_job, count_left_out
from contentlib.transfer.addresses import loggable_path

_LOG = structlog.stdlib.get_logger(__package__)


def request_refused(request: Request, answer: Answer) -> None:
    """Logs a rejected request with its request id and the message that the client received."""
    said = answer.body[:500].decode("utf-8", "replace") if isinstance(answer, Response) else ""
    _LOG.info(
        "refused",
        request_id=request.request_id,
        method=request.method,
        path=loggable_path(request.path),
        status=answer.status,
        said=said,
    )


def request_failed(request: Request, operation: str, error: BaseException) -> None:
    """An operation, or what answers at a path, failed by the server's fault. One line where all changes are refused."""
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        _LOG.error("failed", request_id=request.request_id, operation=operation, told=str(error))
    else:
        _LOG.error("failed", request_id=request.request_id, operation=operation, exc_info=error)


def job_failed(name: str, error: BaseException) -> None:
    """A job or a task failed. An OSError, of which there are many while the database is away, is logged in one line."""
    count_failed_job(name)
    if isinstance(error, OSError):
        _LOG.error("job failed", job=name, told=str(error))
    else:
        _LOG.error("job failed", job=name, exc_info=error)


def package_warnings(item: str, warnings: Sequence[Fault]) -> None:
    """A package was accepted with warnings."""
    _LOG.warning("package warnings", item=item, warnings=[each.text for each in warnings])


def items_left_out(library: Library, catalog: Catalog) -> None:
    """Logs the items that a sync skipped."""
    count_left_out(catalog.lost)
    told = [each.text for each in catalog.left_out]
    _LOG.warning("sync left items out", library=library.id, name=library.name, count=catalog.lost, items=told)


def clock_jumped(milliseconds: int) -> None:
    """The clock of the machine was set."""
    _LOG.warning(
        "the clock of the machine was set; the server keeps its own time until it is restarted", seconds=milliseconds / 1000
    )


def storage_changed(storage: str, seconds: float | None) -> None:
    """A storage has not answered for some seconds, or answers again."""
    if seconds is None:
        _LOG.warning("storage answers again", storage=storage)
    else:
        _LOG.error("storage does not answer", storage=storage, seconds=round(seconds, 1))


def quota_filled(quota: Quota) -> None:
    """A library or a user has reached 80 or 95 percent of a quota, or all of it."""
    used = {"bytes": quota.bytes, "reserved": quota.reserved, "items": quota.items}
    limits = {"bytes_limit": quota.most_bytes, "items_limit": quota.most_items}
    _LOG.warning("quota is filling up", owner=quota.owner, state=quota.level.value, **used, **limits)
