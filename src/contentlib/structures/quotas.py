"""Defines structures of quotas, which libraries and users share."""

from __future__ import annotations

from typing import ClassVar

from contentlib.library.catalog.quotas import QuotaLimits
from contentlib.library.model import Quota
from contentlib.vapi.types import Enumeration, Id, Integer, Structure, enumeration

_PREFIX = "contentlib.quotas"


@enumeration(f"{_PREFIX}.state")
class QuotaState(Enumeration):
    """How full a quota is: `WARNING` from 80 %, `CRITICAL` from 95 %, `FULL` from 100 %. Reserved bytes count."""

    NORMAL = "NORMAL"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    FULL = "FULL"


class QuotaSpec(Structure):
    """The limits of a library or a user: bytes of all kept versions, and number of items. An unset field means no limit."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.spec"
    bytes_limit: Integer | None = None
    items_limit: Integer | None = None


class QuotaInfo(Structure):
    """What the library or user `id` holds, and its limits.

    `bytes` are those of kept content versions, also in the trash; a file that several versions of an item have counts once.
    `reserved_bytes` are promised to running update sessions.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    bytes: Integer
    id: Id
    items: Integer
    reserved_bytes: Integer
    state: QuotaState
    bytes_limit: Integer | None = None
    items_limit: Integer | None = None


def limits_of(spec: QuotaSpec) -> QuotaLimits:
    """The limits that a caller sets."""
    return QuotaLimits(spec.bytes_limit, spec.items_limit)


def quota_info(identifier: str, quota: Quota) -> QuotaInfo:
    """A quota as callers read it."""
    return QuotaInfo(
        bytes=quota.bytes,
        id=identifier,
        items=quota.items,
        reserved_bytes=quota.reserved,
        state=QuotaState(quota.level.value),
        bytes_limit=quota.most_bytes,
        items_limit=quota.most_items,
    )
