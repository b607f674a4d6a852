"""The commands for encrypted secrets, beside a server that uses them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cli.test_people import done, run
from contentlib.access.key_ring import KeyRing
from following import Follower, Shelf
from whole import HandClock, Whole


async def _following(app: Whole, clock: HandClock, shelf: Shelf) -> Follower:
    made = await Follower.new(app, clock, shelf.url, authentication_method="BASIC", user_name="ann", password="s3cret")
    await made.synced()
    return made


async def _shown(follower: Follower, shelf: Shelf) -> set[str]:
    """What the publisher is shown in the next sync."""
    shelf.asked()
    await follower.sync()
    return {each.headers["authorization"] for each in shelf.publisher.asked}


async def test_a_running_server_goes_on_with_rotated_keys(app: Whole, clock: HandClock, shelf: Shelf) -> None:
    follower, data_dir = await _following(app, clock, shelf), app.settings.data_dir
    (before,) = KeyRing(data_dir / "sealing.key").read().all
    told = await asyncio.to_thread(done, data_dir, "secret", "rotate", "--drop-old")
    (after,) = KeyRing(data_dir / "sealing.key").read().all
    assert told == f"key {after.id} was added\nsecrets encrypted with it: 1\nkey {before.id} was removed\n"
    assert await _shown(follower, shelf) == {"Basic YW5uOnMzY3JldA=="}


async def test_the_status_tells_keys_and_secrets(app: Whole, clock: HandClock, shelf: Shelf) -> None:
    await _following(app, clock, shelf)
    data_dir = app.settings.data_dir
    await asyncio.to_thread(done, data_dir, "secret", "rotate")
    newest, old = (await asyncio.to_thread(done, data_dir, "secret", "status")).splitlines()
    assert ("secrets: 1" in newest, newest.endswith("newest")) == (True, True)
    assert ("secrets: 0" in old, old.endswith("newest")) == (True, False)


async def test_a_lost_key_is_named_and_other_libraries_are_synchronized(app: Whole, clock: HandClock, shelf: Shelf) -> None:
    follower, data_dir = await _following(app, clock, shelf), app.settings.data_dir
    (data_dir / "sealing.key").unlink()
    ended = await asyncio.to_thread(run, data_dir, "secret", "status")
    named = (
        f"cannot decrypt the password of subscribed library {follower.library}: {data_dir}/sealing.key does not contain the key"
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"contentlib: {named}")
    task = await follower.sync()
    assert (task["status"], named in str(task)) == ("FAILED", True)
    other = await _following(app, clock, shelf)
    assert await _shown(other, shelf) == {"Basic YW5uOnMzY3JldA=="}


def test_a_directory_without_secrets_has_a_status(data_dir: Path) -> None:
    assert done(data_dir, "secret", "status") == ""
