from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contentlib.outbound.client import Outbound
from contentlib.outbound.policy import OutboundPolicy
from contentlib.outbound.sources import Sources
from contentlib.vcsp.reading.reader import CatalogReader


@pytest.fixture
async def client() -> AsyncIterator[Outbound]:
    """A client that may go to this machine."""
    made = Outbound(OutboundPolicy(["127.0.0.0/8"]))
    yield made
    await made.close()


@pytest.fixture
def reader(client: Outbound, tmp_path: Path) -> CatalogReader:
    """A reader that does not wait; it may read what is below the test's directory."""
    return CatalogReader(client, Sources([tmp_path]), pause=0.0)
