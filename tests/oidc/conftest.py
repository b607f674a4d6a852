from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from access.people import People
from issuer import Issuer, issuing, table
from whole import HandClock, Whole, whole


@pytest.fixture
async def issuer(clock: HandClock) -> AsyncIterator[Issuer]:
    """An identity provider whose clock is that of the application."""
    async with issuing() as running:
        running.now = clock.now() / 1000
        yield running


@pytest.fixture
async def app(data_dir: Path, clock: HandClock, issuer: Issuer) -> AsyncIterator[Whole]:
    """The application, with the provider in its settings."""
    async with whole(data_dir, clock, oidc=[table(issuer)]) as running:
        yield running


@pytest.fixture
def people(app: Whole) -> People:
    """The administrator, and others with a bearer token."""
    return People(app)
