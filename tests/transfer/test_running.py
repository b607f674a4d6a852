from __future__ import annotations

from pathlib import Path

import pytest

from contentlib.transfer import running
from contentlib.transfer.running import RunningDownloads, open_files
from transfer.parts import LOGIN, Client, Parts


class Owner:
    """Counts how often it was kept alive."""

    def __init__(self) -> None:
        self.touched = 0

    async def touch(self) -> None:
        self.touched += 1


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    """A file to be sent."""
    path = tmp_path / "blob"
    path.write_bytes(b"bytes")
    return path


async def test_a_download_is_running_while_its_file_is_open(blob: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_YOUNG_SECONDS", 0.0)
    downloads, owner = RunningDownloads(), Owner()
    with blob.open("rb"):
        downloads.add("session", blob, owner.touch)
        await downloads.touch()
        await downloads.touch()
    assert owner.touched == 2
    await downloads.touch()
    with blob.open("rb"):  # somebody else reads it: what was over is forgotten
        await downloads.touch()
    assert owner.touched == 2


async def test_a_download_that_has_just_begun_is_running(blob: Path) -> None:
    downloads, owner = RunningDownloads(), Owner()
    downloads.add("session", blob, owner.touch)
    await downloads.touch()
    assert owner.touched == 1


async def test_a_download_no_longer_counts_when_its_owner_is_over(blob: Path) -> None:
    downloads, owner, other = RunningDownloads(), Owner(), Owner()
    downloads.add("session", blob, owner.touch)
    downloads.add("other session", blob, other.touch)
    downloads.drop("session")
    await downloads.touch()
    assert (owner.touched, other.touched) == (0, 1)


def test_open_files_are_found_where_nothing_lists_them(blob: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for listed in (True, False):
        if not listed:
            monkeypatch.setattr(running, "_LISTING", blob / "nothing")
        with blob.open("rb"):
            assert blob.name in open_files()
        assert blob.name not in open_files()


async def test_a_download_by_login_session_keeps_the_login_alive(parts: Parts, client: Client) -> None:
    item, _ = await parts.stored(b"bytes")
    address = parts.addresses.content((await parts.items.get(item)).library, item, "tiny.iso", 1)
    await client.call("GET", address, {"vmware-api-session-id": LOGIN})
    parts.leases.take()
    await parts.transfers.touch_running()
    assert list(parts.leases.take().logins) == [LOGIN]


async def test_ending_a_session_lets_its_downloads_run_and_its_lease_go(parts: Parts, client: Client) -> None:
    _, address = await parts.stored(b"bytes")
    await client.call("GET", address)
    parts.leases.take()
    await parts.transfers.touch_running()
    assert parts.leases.take().sessions
    await parts.downloads.cancel(address.split("/")[3])
    await parts.transfers.touch_running()
    assert not parts.leases.take()
