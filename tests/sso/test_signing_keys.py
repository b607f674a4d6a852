"""Tests the key that signs tokens: one for all processes, through rotations and losses of the keys that encrypt it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from access.people import People
from backends import BACKEND
from contentlib.access.key_ring import KeyRing
from contentlib.access.rotation import Rotation
from contentlib.access.sealing import RingEncryption
from contentlib.library.model import SIGNING_KEY
from contentlib.library.ports import MetadataStore
from contentlib.sso.signing_keys import SigningKeys
from sso.asking import bearer_token, envelope, login, login_by_header, post, request, sign_header, timestamp
from whole import NAME, HandClock, Whole, whole


@pytest.fixture
async def rows(data_dir: Path) -> AsyncIterator[MetadataStore]:
    store = BACKEND.open_rows(data_dir / "contentlib.db")
    yield store
    await store.close()


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "sealing.key")


def keys(rows: MetadataStore, ring: KeyRing) -> SigningKeys:
    """The keys of a process."""
    return SigningKeys(rows, RingEncryption(ring), HandClock())


async def test_processes_that_begin_at_once_have_one_key(rows: MetadataStore, ring: KeyRing) -> None:
    found = await asyncio.gather(*(keys(rows, ring).current() for _ in range(3)))
    assert len({each.certificate.serial_number for each in found}) == 1


async def test_the_key_is_stored_encrypted(rows: MetadataStore, ring: KeyRing) -> None:
    await keys(rows, ring).current()
    async with rows.reading() as transaction:
        stored = await transaction.state.get(SIGNING_KEY)
    assert stored is not None
    assert stored.startswith("v2:")


async def test_the_key_stays_through_a_rotation(rows: MetadataStore, ring: KeyRing) -> None:
    process = keys(rows, ring)
    before = await process.current()
    rotation = Rotation(rows, ring)
    assert (await rotation.rotate()).sealed == 1
    assert len(await rotation.drop_old() or ()) == 1
    for each in (process, keys(rows, ring)):
        assert (await each.current()).certificate == before.certificate


async def test_a_key_that_cannot_be_decrypted_is_replaced_in_all_processes(rows: MetadataStore, ring: KeyRing) -> None:
    process = keys(rows, ring)
    before = await process.current()
    ring.path.unlink()
    after = await keys(rows, ring).current()
    assert after.certificate != before.certificate
    assert (await process.current()).certificate == after.certificate


async def test_a_damaged_ring_fails_the_request_and_replaces_nothing(rows: MetadataStore, ring: KeyRing) -> None:
    before = await keys(rows, ring).current()
    whole_ring = ring.path.read_bytes()
    ring.path.write_bytes(b"damaged")
    with pytest.raises(OSError, match="is damaged"):
        await keys(rows, ring).current()
    ring.path.write_bytes(whole_ring)
    assert (await keys(rows, ring).current()).certificate == before.certificate


async def test_a_token_is_good_after_a_restart_and_in_another_process(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock) as app:
        token = await bearer_token(app)
    async with whole(data_dir, clock) as app:
        assert (await login_by_header(app, sign_header(token))).status_code == 200


async def test_tokens_and_refusals_are_in_the_audit_log(app: Whole) -> None:
    await bearer_token(app)
    await post(app, envelope(timestamp() + login(password="wrong"), request()))
    entries = (await People(app).done("GET", "/audit"))["entries"]
    ours = [each for each in entries if each["operation"] == "sso.token"]
    issued = [each for each in ours if each["things"]]
    assert [(each["user"], each["outcome"], each["things"][0]["type"]) for each in issued] == [
        (NAME, "SUCCEEDED", "saml_token")
    ]
    assert [each["error"] for each in ours if each["outcome"] == "REFUSED"] == ["unauthenticated"]
