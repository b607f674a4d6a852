"""Where files may be fetched from."""

from __future__ import annotations

import pytest

from contentlib.outbound.sources import host_of


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://ann:secret@Files.example:8443/a.iso", "files.example"),
        ("http://[::1]/a.iso", "::1"),
        ("http://[::1/a.iso", None),
        ("file:///srv/a.iso", None),
        ("ds:///vmfs/volumes/nfs/a.iso", None),
    ],
)
def test_an_address_names_a_host_unless_its_file_is_here(uri: str, host: str | None) -> None:
    assert host_of(uri) == host
