"""Leases: what keeps a session alive, and what becomes of one that nothing touches. Both kinds alike."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

import pytest

from contentlib.library.errors import Invalid, NotActive
from contentlib.library.leases import TRANSITIONS, Leases
from contentlib.library.model import EndpointType, Source, State
from contentlib.library.sessions import messages
from contentlib.library.sessions.download_sessions import DownloadSessions
from contentlib.library.sessions.update_files import NewFile
from contentlib.library.sessions.update_sessions import UpdateSessions
from library.world import LEASE, World
from processes import PATIENCE_SECONDS

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
BOTH = pytest.mark.parametrize("kind", ["update", "download"])
EXPIRED = messages.EXPIRED(seconds=300)


async def _session(world: World, kind: str) -> tuple[UpdateSessions | DownloadSessions, str]:
    item = await world.item()
    await world.complete(item, {"a": b"1"})
    if kind == "update":
        return world.updates, await world.update(item)
    return world.downloads, await world.download(item)


@BOTH
async def test_a_session_lives_to_the_very_end_of_its_lease(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    world.wait(LEASE)
    assert (await sessions.get(session)).state is State.ACTIVE


@BOTH
async def test_a_session_that_nothing_touched_is_canceled_with_the_reason(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    world.wait(LEASE + 1)
    found = await sessions.get(session)
    assert (found.state, found.fault, found.ended) == (State.CANCELED, EXPIRED, world.clock.now())
    assert world.leases.expiration(found) == world.clock.now()
    assert world.ended[-1] == session


@BOTH
async def test_every_call_extends_the_lease(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    for _ in range(3):
        files = world.files.all if kind == "update" else world.downloads.files
        for call in (sessions.get, files):
            world.wait(LEASE - 1)
            await call(session)
        world.wait(LEASE - 1)
        await sessions.keep_alive(session, None)
    world.wait(1)
    found = await sessions.get(session)
    assert world.leases.expiration(found) == world.clock.now() + LEASE


async def test_every_call_on_the_files_of_an_update_extends_its_lease(world: World) -> None:
    _, session = await _session(world, "update")
    file = await world.files.add(session, NewFile("b", Source.PUSH))
    calls = (
        lambda: world.updates.update(session, ()),
        lambda: world.transfers.target(session, file.id),
        lambda: world.transfers.begin(file),
        lambda: world.transfers.pause(file, 1),
        lambda: world.transfers.stop(file, 1, EXPIRED),
        lambda: world.files.get(session, "b"),
        lambda: world.files.remove(session, "b"),
        lambda: world.completion.validate(session),
        lambda: world.files.add(session, NewFile("c", Source.PUSH)),
    )
    for call in calls:
        world.wait(LEASE - 1)
        await call()
    assert (await world.updates.get(session)).state is State.ACTIVE


async def test_every_call_on_the_files_of_a_download_extends_its_lease(world: World) -> None:
    _, session = await _session(world, "download")
    for call in (
        lambda: world.downloads.prepare(session, "a", EndpointType.HTTPS),
        lambda: world.downloads.target(session, 0),
        lambda: world.downloads.file(session, "a"),
    ):
        world.wait(LEASE - 1)
        await call()
    assert (await world.downloads.get(session)).state is State.ACTIVE


@BOTH
async def test_bytes_on_a_transfer_extend_the_lease_and_keep_the_login_alive(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    found = await sessions.get(session)
    for _ in range(24):
        world.wait(LEASE - 1)
        world.leases.touch(found)
        await sessions.expire(session)
    assert (await sessions.get(session)).state is State.ACTIVE
    assert world.leases.last_login("login", 0) == world.clock.now()


@BOTH
async def test_touches_of_before_a_restart_are_kept_when_they_were_saved(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    world.wait(LEASE - 1)
    await sessions.get(session)
    touches = world.leases.take()
    async with world.metadata.transaction(durable=False) as rows:
        await rows.state.touch(touches)
    again = await world.reopened()
    world.wait(LEASE)
    found = await (again.updates if kind == "update" else again.downloads).get(session)
    assert found.state is State.ACTIVE
    await again.metadata.close()


@BOTH
async def test_one_that_was_touched_meanwhile_does_not_expire(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    found = await sessions.get(session)
    world.wait(LEASE + 1)
    expiring = asyncio.create_task(sessions.expire(session))
    world.leases.touch(found)
    await expiring
    assert (await sessions.get(session)).state is State.ACTIVE


@BOTH
async def test_many_who_find_an_expired_session_at_once_see_one_end(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    world.wait(LEASE + 1)
    found = await asyncio.gather(*[sessions.get(session) for _ in range(5)])
    assert {each.state for each in found} == {State.CANCELED}
    assert world.ended.count(session) == 1


@BOTH
async def test_a_call_on_an_expired_session_ends_it_for_good(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    world.wait(LEASE + 1)
    with pytest.raises(NotActive, match="is CANCELED and cannot be kept alive"):
        await sessions.keep_alive(session, None)
    world.wait(-LEASE)
    assert (await sessions.get(session)).fault == EXPIRED


@BOTH
async def test_progress_is_between_0_and_100(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    for progress in (0, 37, 100):
        await sessions.keep_alive(session, progress)
        assert (await sessions.get(session)).progress == progress
    for progress in (-1, 101, 2**63):
        with pytest.raises(Invalid, match=f"progress must be between 0 and 100, not {progress}"):
            await sessions.keep_alive(session, progress)
    assert (await sessions.get(session)).progress == 100


def test_no_state_but_active_is_ever_left_unless_a_client_goes_on() -> None:
    assert {each for each in TRANSITIONS if each[0] is not State.ACTIVE} == {(State.DONE, "continued")}


@BOTH
async def test_progress_never_falls(world: World, kind: str) -> None:
    sessions, session = await _session(world, kind)
    for progress in (60, 40, 0, None):
        await sessions.keep_alive(session, progress)
        assert (await sessions.get(session)).progress == 60


async def test_a_session_that_another_process_was_asked_about_is_not_ended_before_that_can_be_known(world: World) -> None:
    _, session = await _session(world, "download")
    found = await world.downloads.get(session)
    leases = Leases(world.clock, LEASE, slack=10)
    world.wait(LEASE + 10)
    assert leases.expiration(found) == world.clock.now() - 10
    assert not leases.expired(found)
    world.wait(1)
    assert leases.expired(found)


def test_touches_are_handed_over_once(world: World) -> None:
    leases = Leases(world.clock, LEASE)
    leases.touch_login("login")
    leases.note_progress("file", 5)
    assert (leases.progress("file", 1), leases.progress("other", 1)) == (5, 1)
    taken = leases.take()
    assert (taken.logins, taken.progress) == ({"login": world.clock.now()}, {"file": 5})
    assert not leases.take()


async def test_a_session_that_is_being_completed_lives_as_long_as_that_takes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.update(await world.item())
    await world.send(session, "a", b"1")
    flush = _HeldUp(world.store.flush)
    monkeypatch.setattr(world.store, "flush", flush)
    completing = asyncio.create_task(world.completion.complete(session))
    await _outlasts_its_lease(world, world.updates, session, flush)
    await completing
    assert (await world.updates.get(session)).state is State.DONE


@pytest.mark.parametrize("call", ["prepare", "target"])
async def test_a_download_whose_bytes_are_looked_at_lives_as_long_as_that_takes(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    item = await world.item()
    await world.complete(item, {"a": b"1"})
    session = await world.download(item)
    os.utime(await world.blob_of(item, "a"), (1, 1))
    read = _HeldUp(world.store.read)
    monkeypatch.setattr(world.store, "read", read)
    wait = world.downloads.target(session, 0) if call == "target" else world.downloads.prepare(session, "a", EndpointType.HTTPS)
    looking = asyncio.ensure_future(wait)
    await _outlasts_its_lease(world, world.downloads, session, read)
    await looking
    assert (await world.downloads.get(session)).state is State.ACTIVE


class _HeldUp(Generic[Arguments, Result]):
    """A call that waits until it may go on."""

    def __init__(self, call: Callable[Arguments, Result]) -> None:
        self._call = call
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        self.begun.set()
        assert self.go_on.wait(2 * PATIENCE_SECONDS)
        return self._call(*arguments, **names)


async def _outlasts_its_lease(
    world: World, sessions: UpdateSessions | DownloadSessions, session: str, call: _HeldUp[Arguments, Result]
) -> None:
    assert await asyncio.to_thread(call.begun.wait, PATIENCE_SECONDS)
    world.wait(3 * LEASE)
    await sessions.expire(session)
    call.go_on.set()


async def test_who_starts_a_session_in_the_place_of_one_that_expired_tells_of_its_end(world: World) -> None:
    item = await world.item()
    old = await world.update(item)
    world.wait(LEASE + 1)
    await world.update(item)
    assert world.ended == [old]


async def test_what_is_held_is_told_to_other_processes(world: World) -> None:
    session = await world.updates.get(await world.update(await world.item()))
    with world.leases.held(session):
        world.wait(LEASE)
        touches = world.leases.take()
    assert touches.sessions == {session.id: world.clock.now()}
    assert touches.logins == {session.login: world.clock.now()}


async def test_a_session_that_was_touched_lately_is_not_expired_whatever_is_stored(world: World) -> None:
    _, session = await _session(world, "download")
    found = await world.downloads.get(session)
    leases = Leases(world.clock, LEASE)
    assert not leases.touched_lately(session)
    leases.touch(found)
    world.wait(LEASE)
    assert leases.touched_lately(session)
    assert not leases.expired(found)
    world.wait(1)
    assert not leases.touched_lately(session)
    assert leases.expired(found)
