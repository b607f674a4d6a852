from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from certificates import Certificate, make
from contentlib.outbound.client import Outbound
from contentlib.outbound.policy import OutboundPolicy
from publisher import Publisher, publishing

FILES = {"/a.iso": b"all of it"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Who signs the certificates that are to be trusted."""
    return make(tmp_path_factory.mktemp("authority") / "authority.pem", authority=True)


@pytest.fixture(scope="module")
def signed(authority: Certificate) -> Certificate:
    """A certificate that the authority has signed."""
    return make(authority.path.with_name("signed.pem"), authority)


@pytest.fixture(scope="module")
def lonely(authority: Certificate) -> Certificate:
    """A certificate that nobody but itself has signed."""
    return make(authority.path.with_name("lonely.pem"))


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    """A publisher without TLS."""
    async with publishing(FILES) as running:
        yield running


@pytest.fixture
async def client(authority: Certificate) -> AsyncIterator[Outbound]:
    """A client that may go to this machine, and trusts the authority."""
    made = Outbound(OutboundPolicy(["127.0.0.0/8"]), ca_bundle=Path(authority.path))
    yield made
    await made.close()


@pytest.fixture
async def impatient() -> AsyncIterator[Outbound]:
    """A client that may go to this machine, and waits for nobody for long."""
    made = Outbound(OutboundPolicy(["127.0.0.0/8"]), timeout=0.5)
    yield made
    await made.close()
