"""Who may read what the program creates: nobody but its user, unless it is written for others."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

import processes
from contentlib import app
from contentlib.access.keys import SecretKey
from contentlib.cli import modes
from contentlib.transfer.addresses import SignedAddresses
from processes import CONTENTLIB, serving
from whole import HandClock, settings_on, whole

SECRETS = ["contentlib.db", "sealing.key", "transfer.key", "tls/key.pem"]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_to_others(directory: Path) -> list[str]:
    return [str(path.relative_to(directory)) for path in directory.rglob("*") if mode(path) & 0o077]


def test_a_start_makes_nothing_that_others_may_read_and_mends_what_they_may(tmp_path: Path) -> None:
    """In a directory that is there and open to all, as a package or an administrator may have made it."""
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    (data / "sealing.key").write_bytes(b"k" * 32)
    (data / "sealing.key").chmod(0o644)
    before = os.umask(0o022)
    try:
        with serving(tmp_path) as server:
            assert httpx.get(f"{server.url}/healthz", verify=False, timeout=60).status_code == 200
            assert mode(data) == 0o700
            assert [each for each in open_to_others(data) if not each.startswith("tls/certificate.pem")] == []
            assert (data / "contentlib.db-wal").exists()
            text = "\n".join(server.lines)
    finally:
        os.umask(before)
    assert f"mode of {data} was 0755; changed to 0700" in text
    assert f"mode of {data / 'sealing.key'} was 0644; changed to 0600" in text


@pytest.mark.parametrize("name", ["", "contentlib.db", "contentlib.db-wal", "contentlib.db-shm", *SECRETS[1:], "tls"])
def test_a_secret_that_others_may_read_is_mended_and_told(data_dir: Path, name: str) -> None:
    path = data_dir / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.mkdir(mode=0o700) if name == "tls" else path.touch(mode=0o600)
    modes.mend(data_dir)
    path.chmod(0o751)
    (told,) = modes.mend(data_dir)
    assert (mode(path), f"mode of {path} was 0751" in told) == (0o700, True)
    assert modes.mend(data_dir) == []


def test_a_key_of_the_operator_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    key = tmp_path / "key.pem"
    key.touch(mode=0o640)
    assert modes.advice(key) == modes.advice(None) == []
    key.chmod(0o644)
    assert modes.advice(key) == [f"private key {key} is readable by every user (mode 0644); run: chmod o= {key}"]
    assert mode(key) == 0o644


@pytest.mark.parametrize(("user", "told"), [(0, True), (1000, False)])
def test_a_server_of_root_is_advised_against(user: int, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert [each.startswith("the server runs as root") for each in modes.advice(None)] == [told] * told


def test_what_is_written_for_others_has_the_modes_of_the_shell(tmp_path: Path) -> None:
    program = """
import os, pathlib
from contentlib.cli import modes
modes.private()
pathlib.Path("ours").touch()
with modes.as_started():
    pathlib.Path("theirs").touch()
pathlib.Path("ours again").touch()
"""
    processes.run(["sh", "-c", f'umask 027; exec {sys.executable} -c "$PROGRAM"'], tmp_path, PROGRAM=program)
    found = {path.name: mode(path) for path in tmp_path.iterdir()}
    assert found == {"ours": 0o600, "theirs": 0o640, "ours again": 0o600}


def test_a_command_that_makes_a_data_directory_makes_it_private(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    command = f"umask 022; {CONTENTLIB} adopt theirs --data-dir data"
    ended = processes.run(["sh", "-c", command], tmp_path)
    assert ended.returncode != 0  # there is no library in it
    assert not (tmp_path / "data").exists() or [*open_to_others(tmp_path / "data")] == []


# the key that signs transfer addresses


def state(data_dir: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as database:
        return dict(database.execute("SELECT key, value FROM state").fetchall())


def test_the_key_of_transfer_addresses_is_not_in_the_database(data_dir: Path) -> None:
    key = SecretKey(data_dir / "transfer.key")
    assert mode(key.path) == 0o600
    assert not state(data_dir).get("transfer_key")
    assert key.read().hex() not in str(state(data_dir))


async def test_addresses_from_before_an_upgrade_go_on_to_work(data_dir: Path, clock: HandClock) -> None:
    key, guid = b"k" * 32, state(data_dir)["server_guid"]
    (data_dir / "transfer.key").unlink()
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as database, database:
        database.execute("INSERT OR REPLACE INTO state (key, value) VALUES ('transfer_key', ?)", [key.hex()])
    await prepare(data_dir)
    assert SecretKey(data_dir / "transfer.key").read() == key
    assert not state(data_dir)["transfer_key"]
    assert state(data_dir)["server_guid"] == guid
    async with whole(data_dir, clock) as running:
        added = await running.add(await running.session(await running.item()), "a.iso")
        path = httpx.URL(added["upload_endpoint"]["uri"]).path
        assert SignedAddresses(key).read(path) is not None


async def test_a_key_that_was_moved_already_is_kept(data_dir: Path) -> None:
    """A start that was killed between the file and the database."""
    before = SecretKey(data_dir / "transfer.key").read()
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as database, database:
        database.execute("INSERT OR REPLACE INTO state (key, value) VALUES ('transfer_key', ?)", [before.hex()])
    await prepare(data_dir)
    await prepare(data_dir)
    assert SecretKey(data_dir / "transfer.key").read() == before


async def prepare(data_dir: Path) -> None:
    await asyncio.to_thread(app.prepare, settings_on(data_dir))


def test_a_key_is_made_once(tmp_path: Path) -> None:
    key = SecretKey(tmp_path / "a.key")
    key.make()
    made = key.read()
    key.make(b"x" * 32)
    assert key.read() == made
    assert [path.name for path in tmp_path.iterdir()] == ["a.key"]


def test_half_a_key_is_refused(tmp_path: Path) -> None:
    key = SecretKey(tmp_path / "a.key")
    key.path.write_bytes(b"x" * 16)
    with pytest.raises(OSError, match="is 16 bytes, a key is 32"):
        key.read()
