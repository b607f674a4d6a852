from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from backends import BACKEND, BACKENDS, IN_BUCKETS
from following import Follower, Shelf
from publisher import ALLOW, Publisher, publishing
from pulling import Pulling
from whole import HandClock, Whole, copied, prepared, whole

_SLOW = (
    *("crash", "clients", "fuzz", "models"),
    "console/browser",
    *("cli/test_beside.py", "cli/test_bundle.py", "cli/test_publish_static.py", "cli/test_storages.py"),
    *("client/test_hard_cases.py", "deploy", "metadata/moves"),
    *(
        "access/test_nodes.py",
        "access/test_workers.py",
        "jobs/test_large_files.py",
        "library/test_crashes.py",
        "transfer/test_quotas_of_workers.py",
    ),
    *("vcsp/test_downloads.py", "vcsp/test_following.py", "vim/test_fuzz.py"),
)
"""Tests that kill servers for minutes, need programs that have to be installed, make calls at random, or move gigabytes."""
_APART = ("crash/test_cluster.py", "crash/test_rolling_upgrade.py", "deploy/test_container.py", "deploy/test_debian.py")
"""Tests that build packages, or kill the parts of a cluster, for many minutes."""

# how long an example takes, and is drawn, tells of the machine
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what `make test` leaves to `make check`, and skips what looks into a file that the backend does not have."""
    slow = [Path(__file__).parent / each for each in _SLOW]
    apart = [Path(__file__).parent / each for each in _APART]
    for item in items:
        if item.path in apart:
            item.add_marker(pytest.mark.apart)
        if any(item.path.is_relative_to(each) for each in slow):
            item.add_marker(pytest.mark.slow)
        if BACKEND is not BACKENDS["embedded"] and item.get_closest_marker("embedded"):
            item.add_marker(pytest.mark.skip(reason="looks into the file of a SQLite database"))
        if IN_BUCKETS and item.get_closest_marker("directories"):
            item.add_marker(pytest.mark.skip(reason="expects the files of a directory, which have each byte at once"))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data directory."""
    return prepared(tmp_path_factory.mktemp("template") / "data")


@pytest.fixture
def data_dir(template: Path, tmp_path: Path) -> Path:
    """A prepared data directory of the test's own."""
    return copied(template, tmp_path / "data")


@pytest.fixture
def clock() -> HandClock:
    """The time of the application."""
    return HandClock()


@pytest.fixture
async def app(data_dir: Path, clock: HandClock) -> AsyncIterator[Whole]:
    """The application, which may fetch from publishers of the tests, with a client that is logged in."""
    async with whole(data_dir, clock, outbound_allow=ALLOW) as running:
        yield running


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    """A publisher that has nothing yet."""
    async with publishing() as running:
        yield running


@pytest.fixture
def pulling(app: Whole, clock: HandClock, publisher: Publisher) -> Pulling:
    """The application, as one that pulls from the publisher."""
    return Pulling(app, clock, publisher)


@pytest.fixture
def shelf(publisher: Publisher) -> Shelf:
    """A published library of two items."""
    made = Shelf(publisher)
    made.put("one", a_iso=b"first", b_iso=b"second")
    made.put("two", c_iso=b"third")
    return made


@pytest.fixture
async def follower(app: Whole, clock: HandClock, shelf: Shelf) -> Follower:
    """A library that follows it, and has what it has."""
    made = await Follower.new(app, clock, shelf.url)
    assert (await made.synced())["status"] == "SUCCEEDED"
    shelf.asked()
    return made
