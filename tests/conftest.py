from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from publisher import Publisher
from pulling import ALLOW, Pulling
from whole import HandClock, Whole, copied, prepared, whole


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
    """The application, with a client that is logged in."""
    async with whole(data_dir, clock) as running:
        yield running


@pytest.fixture
async def pulling(data_dir: Path, clock: HandClock, publisher: Publisher) -> AsyncIterator[Pulling]:
    """The application, which fetches from the publisher of the test's own module."""
    async with whole(data_dir, clock, outbound_allow=ALLOW) as app:
        yield Pulling(app, clock, publisher)
