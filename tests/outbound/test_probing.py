"""Whether a file could be fetched: those of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from contentlib.library.model import SourceEndpoint
from contentlib.library.sessions.pulls import ProbeStatus
from contentlib.outbound.client import Outbound
from contentlib.outbound.probing import Probes
from contentlib.outbound.sources import Sources


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("a.iso", ProbeStatus.SUCCESS),
        ("b.iso", ProbeStatus.RESOURCE_NOT_FOUND),
        (".", ProbeStatus.RESOURCE_NOT_FOUND),
        ("x" * 300, ProbeStatus.RESOURCE_NOT_FOUND),
    ],
)
async def test_a_file_of_this_machine_is_there_or_not(client: Outbound, tmp_path: Path, name: str, status: ProbeStatus) -> None:
    (tmp_path / "a.iso").touch()
    found = await Probes(client, Sources([tmp_path])).probe(SourceEndpoint(f"{tmp_path.as_uri()}/{name}"))
    assert found.status is status
