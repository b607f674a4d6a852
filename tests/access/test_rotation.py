"""Tests the rotation of the keys of encrypted secrets."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from access.test_sealing import old_seal
from backends import BACKEND
from contentlib.access.key_ring import KeyRing
from contentlib.access.rotation import Rotation
from contentlib.access.sealing import RingEncryption
from contentlib.library.errors import Busy
from contentlib.library.following.subscription_passwords import SubscriptionPasswords
from contentlib.library.model import Library, LibraryType, SecretPurpose, SecretUse, Subscription
from contentlib.library.ports import MetadataStore
from contracts import made
from processes import ENVIRONMENT

SECRETS = 250  # more than two pages of a rotation
KEY = b"k" * 32


class Sealed:
    """A data directory with the secrets of subscribed libraries."""

    def __init__(self, metadata: MetadataStore, directory: Path) -> None:
        self.metadata = metadata
        self.ring = KeyRing(directory / "sealing.key")
        self.encryption = RingEncryption(self.ring)
        self.rotation = Rotation(metadata, self.ring)

    async def add(self, count: int = 1) -> list[Library]:
        """Libraries whose passwords are their identifiers."""
        libraries = [made.library() for _ in range(count)]
        return [await self.put(each, self.encryption.seal(each.id, _use(each))) for each in libraries]

    async def put(self, library: Library, seal: str) -> Library:
        """A library with a password that is sealed so."""
        subscribed = replace(library, type=LibraryType.SUBSCRIBED, subscription=Subscription("https://there", password=seal))
        async with self.metadata.transaction(durable=True) as rows:
            await rows.libraries.add(subscribed)
        return subscribed

    async def seals(self) -> list[str]:
        """All seals, each of which must open."""
        async with self.metadata.reading() as rows:
            found = await rows.secrets.page("", 10 * SECRETS)
        assert [self.encryption.open(each.seal, each.use) for each in found] == [each.use.owner for each in found]
        return [each.seal for each in found]

    async def keys(self) -> set[str]:
        """The keys that are in use, by the seals."""
        return {each.split(":")[1] for each in await self.seals()}


def _use(library: Library) -> SecretUse:
    return SecretUse(SecretPurpose.SUBSCRIPTION, library.id)


@pytest.fixture
async def sealed(tmp_path: Path) -> AsyncIterator[Sealed]:
    made = Sealed(BACKEND.open_rows(BACKEND.new_rows(tmp_path)), tmp_path)
    yield made
    await made.metadata.close()


async def test_a_rotation_seals_everything_with_a_new_key(sealed: Sealed) -> None:
    await sealed.add(SECRETS)
    (before,) = sealed.ring.read().all
    done = await sealed.rotation.rotate()
    assert (done.resumed, done.sealed, done.unreadable) == (False, SECRETS, ())
    assert await sealed.keys() == {done.key.id}
    assert [each.id for each in sealed.ring.read().all] == [done.key.id, before.id]
    assert await sealed.rotation.drop_old() == [before]
    assert len(await sealed.seals()) == SECRETS
    assert sealed.ring.read().all == (done.key,)


async def test_secrets_in_the_trash_are_rotated_too(sealed: Sealed) -> None:
    (library,) = await sealed.add()
    async with sealed.metadata.transaction(durable=True) as rows:
        await rows.deleted_libraries.add(library.id, "ann", 1, 2)
    done = await sealed.rotation.rotate()
    assert await sealed.rotation.drop_old() is not None
    assert await sealed.keys() == {done.key.id}


async def test_a_data_directory_of_an_earlier_version_is_rotated(sealed: Sealed) -> None:
    sealed.ring.path.write_bytes(KEY)
    libraries = [made.library() for _ in range(3)]
    for each in libraries:
        await sealed.put(each, old_seal(KEY, each.id))
    await sealed.add()
    (use,) = (await sealed.rotation.status()).keys
    assert (use.secrets, use.earlier, use.key.secret) == (4, 3, KEY)
    done = await sealed.rotation.rotate()
    assert await sealed.rotation.drop_old() is not None
    assert await sealed.keys() == {done.key.id}
    (use,) = (await sealed.rotation.status()).keys
    assert (use.secrets, use.earlier) == (4, 0)


async def test_a_rotation_without_secrets_replaces_the_key(sealed: Sealed) -> None:
    before = sealed.ring.newest()
    done = await sealed.rotation.rotate()
    assert (done.resumed, done.sealed) == (False, 0)
    assert await sealed.rotation.drop_old() == [before]


async def test_what_cannot_be_decrypted_is_named_and_stays(sealed: Sealed) -> None:
    other = KeyRing(sealed.ring.path.with_name("other"))
    foreign, library = made.library(), made.library()
    await sealed.put(foreign, RingEncryption(other).seal("x", _use(foreign)))
    (good,) = await sealed.add()
    await sealed.put(library, good.subscription.password or "" if good.subscription else "")  # a copy of another one's
    done = await sealed.rotation.rotate()
    assert done.sealed == 1
    named = "cannot decrypt the password of subscribed library"
    missing = f"{named} {foreign.id}: {sealed.ring.path} does not contain the key {other.newest().id}"
    copied = f"{named} {library.id}: it is damaged, or was sealed for another use"
    assert sorted(done.unreadable) == sorted([missing, copied])
    assert (await sealed.rotation.status()).unreadable == done.unreadable
    assert await sealed.rotation.drop_old() is None, "a damaged one says that it needs the old key"
    again = await sealed.rotation.rotate()
    assert not again.resumed, "what can never be decrypted does not keep a rotation from ending"


async def test_an_old_key_stays_while_a_secret_needs_it(sealed: Sealed) -> None:
    late = made.library()
    seal = sealed.encryption.seal(late.id, _use(late))
    await sealed.rotation.rotate()
    await sealed.put(late, seal)
    assert await sealed.rotation.drop_old() is None
    done = await sealed.rotation.rotate()
    assert (done.resumed, done.sealed) == (True, 1)
    assert await sealed.rotation.drop_old() is not None
    assert await sealed.keys() == {done.key.id}


async def test_a_password_whose_key_was_removed_meanwhile_is_not_stored(sealed: Sealed) -> None:
    library = made.library()
    passwords = SubscriptionPasswords(sealed.encryption)
    subscription = Subscription("https://there", password=passwords.seal(library.id, "s3cret"))
    passwords.check(replace(library, subscription=subscription))
    await sealed.rotation.rotate()
    passwords.check(replace(library, subscription=subscription))
    await sealed.rotation.drop_old()
    with pytest.raises(Busy):
        passwords.check(replace(library, subscription=subscription))


async def test_another_process_seals_and_opens_during_a_rotation(sealed: Sealed) -> None:
    await sealed.add()
    other = Sealed(BACKEND.open_rows(sealed.ring.path.with_name("contentlib.db")), sealed.ring.path.parent)
    await other.seals()
    for _ in range(3):
        await sealed.rotation.rotate()
        await other.add()
        await other.seals()
        assert await sealed.rotation.drop_old() is not None
        assert await other.keys() == {sealed.ring.newest().id}
    await other.metadata.close()


DYING = """
import os, pathlib, signal, sys
from contentlib.access import key_ring, rotation
from contentlib.cli.program import application

target, name, wanted = sys.argv[1:4]
owner = {"ring": key_ring.KeyRing, "rotation": rotation.Rotation, "os": os, "path": pathlib.Path, "module": key_ring}[target]
function, calls = getattr(owner, name), 0

def dying(*arguments, **named):
    global calls
    calls += 1
    if calls == int(wanted):
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*arguments, **named)

setattr(owner, name, dying)
sys.argv[1:] = ["secret", "rotate", "--drop-old", "--data-dir", sys.argv[4]]
application()
"""


def rotate(data_dir: Path, *died: str) -> subprocess.CompletedProcess[str]:
    """Runs the command, which is killed when it calls a function for the n-th time."""
    command = [sys.executable, "-c", DYING, *(died or ("os", "fsync", "0")), str(data_dir)]
    database = BACKEND.database(data_dir)
    environment = ENVIRONMENT if database is None else ENVIRONMENT | {"CONTENTLIB_DATABASE": database}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def _killed(*steps: Sequence[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("step", steps, ids=["-".join(each) for each in steps])


@_killed(
    ("path", "rename", "1"),
    ("module", "flush_directory", "1"),
    ("rotation", "_seal_page", "1"),
    ("rotation", "_seal_page", "2"),
    ("rotation", "_seal_page", "3"),
    ("ring", "keep_newest", "1"),
    ("path", "rename", "2"),
    ("module", "flush_directory", "2"),
)
async def test_a_rotation_that_is_killed_loses_nothing_and_is_continued(data_dir: Path, step: Sequence[str]) -> None:
    sealed = Sealed(BACKEND.open_rows(data_dir / "contentlib.db"), data_dir)
    await sealed.add(SECRETS)
    (first,) = sealed.ring.read().all
    assert rotate(data_dir, *step).returncode == -signal.SIGKILL
    assert len(await sealed.seals()) == SECRETS
    added = sealed.ring.read().all[0]
    done = rotate(data_dir)
    assert done.returncode == 0, done.stderr
    assert len(await sealed.seals()) == SECRETS
    (last,) = sealed.ring.read().all
    assert await sealed.keys() == {last.id}
    assert first.id != last.id
    if step[1] == "_seal_page":
        assert last == added, "the interrupted rotation was continued"
    assert [each.name for each in data_dir.glob("sealing.key*")] == ["sealing.key"]
    await sealed.metadata.close()


async def test_rotations_at_once_do_not_disturb_each_other(data_dir: Path) -> None:
    sealed = Sealed(BACKEND.open_rows(data_dir / "contentlib.db"), data_dir)
    await sealed.add(SECRETS)
    done = await asyncio.gather(*(asyncio.to_thread(rotate, data_dir) for _ in range(2)))
    assert 0 in [each.returncode for each in done], done
    assert len(await sealed.seals()) == SECRETS
    assert rotate(data_dir).returncode == 0
    assert await sealed.keys() == {sealed.ring.read().all[0].id}
    await sealed.metadata.close()


async def test_a_command_on_a_directory_without_keys_names_what_is_lost(data_dir: Path) -> None:
    sealed = Sealed(BACKEND.open_rows(data_dir / "contentlib.db"), data_dir)
    (library,) = await sealed.add()
    sealed.ring.path.rename(data_dir / "elsewhere")
    ended = rotate(data_dir)
    assert ended.returncode == 1
    assert f"cannot decrypt the password of subscribed library {library.id}: {data_dir}/sealing.key does not" in ended.stderr
    await sealed.metadata.close()
