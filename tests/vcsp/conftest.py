from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contentlib.outbound.client import Outbound
from contentlib.outbound.policy import Policy
from contentlib.outbound.sources import Sources
from contentlib.vcsp.reading.reader import Reader


@pytest.fixture
async def client() -> AsyncIterator[Outbound]:
    """A client that may go to this machine."""
    made = Outbound(Policy(["127.0.0.0/8"]))
    yield made
    await made.close()


@pytest.fixture
def reader(client: Outbound, tmp_path: Path) -> Reader:
    """A reader that does not wait; it may read what is below the test's directory."""
    return Reader(client, Sources([tmp_path]), pause=0.0)
