"""Tests how often users may call expensive operations."""

from __future__ import annotations

from pathlib import Path

import pytest

from contentlib.access.pacing import EXPENSIVE, CallPace, OwnNumbers
from contentlib.vapi.declare import operations_of
from contentlib.vapi.errors import ServiceUnavailable
from services.declared import SERVICES
from whole import HandClock, copied, told, whole

SYNC = "com.vmware.content.subscribed_library.sync"
COPY = "/api/content/library/item/nothing?action=copy"


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time


def test_the_table_names_operations_that_there_are() -> None:
    assert {each.id for service in SERVICES.values() for each in operations_of(service)} >= EXPENSIVE


def test_a_bucket_is_empty_after_so_many_calls_and_refills_evenly() -> None:
    clock = Hand()
    pace = CallPace(lambda: 6, clock.now)
    for _ in range(6):
        pace.check("ann", SYNC)
    with pytest.raises(ServiceUnavailable, match="too many expensive calls of this user; try again in 10 seconds") as refused:
        pace.check("ann", SYNC)
    assert (refused.value.status, refused.value.retry_after) == (429, 10)
    clock.time += 10
    pace.check("ann", f"{SYNC}$task")
    with pytest.raises(ServiceUnavailable):
        pace.check("ann", SYNC)
    clock.time += 60
    for _ in range(6):
        pace.check("ann", SYNC)


def test_other_users_other_operations_and_no_limit_are_not_counted() -> None:
    pace = CallPace(lambda: 1, Hand().now)
    pace.check("ann", SYNC)
    pace.check("bob", SYNC)
    pace.check("ann", "com.vmware.content.library.get")
    for _ in range(3):
        CallPace(lambda: 0).check("ann", SYNC)


def test_any_number_of_users_takes_memory_of_fixed_size() -> None:
    numbers = OwnNumbers()
    pace = CallPace(lambda: 1, Hand().now, numbers)
    for number in range(12_000):
        pace.check(f"user {number}", SYNC)
    assert len(numbers) <= 10_000


async def test_a_call_too_many_is_answered_with_429_and_when_to_come_back(
    template: Path, tmp_path: Path, clock: HandClock
) -> None:
    async with whole(copied(template, tmp_path / "data"), clock, expensive_calls_per_minute=1) as app:
        library = await app.library()
        assert (await app.send("POST", COPY, {"library_id": library})).status_code == 404
        refused = await app.send("POST", COPY, {"library_id": library})
        assert told(refused)[:2] == (429, "SERVICE_UNAVAILABLE")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert (await app.send("GET", f"/api/content/library/{library}")).status_code == 200
