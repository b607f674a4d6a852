"""Runs a worker process: starts and stops its parts, and passes each request to its door."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial

from contentlib.app import log
from contentlib.app.access import Access, access_of
from contentlib.app.bells import Bells
from contentlib.app.core import Core, open_core, read_identity
from contentlib.app.doors import Door, doors, publisher_of, single_sign_on, transfers_of, vim_of, wire_of
from contentlib.app.jobs import expiry_of, note_time, runner_of, worker_of
from contentlib.app.rules import rules_of
from contentlib.http.asgi import Application
from contentlib.http.bodies import Bodies
from contentlib.http.failures import RETRY, cause
from contentlib.http.message import Answer, Disconnected, Request, Response, refusal, tidied
from contentlib.http.messages import NO_SUCH_PAGE, NO_SUCH_PAGE_BUT, NOT_RUNNING
from contentlib.http.pieces import Share, paced
from contentlib.library.actors import Authority, set_authority
from contentlib.library.call_time import may_repeat, repeat_no_more, set_call_began
from contentlib.library.clock import Clock, EvenClock
from contentlib.library.model import Actor
from contentlib.library.ports import ChangedWhileRead
from contentlib.monitor import Meter, add_up_requests
from contentlib.settings import Settings
from contentlib.transfer.addresses import loggable_path


def create(
    settings: Settings,
    thumbprint: str | None,
    clock: Clock | None = None,
    certificate: bytes | None = None,
    *,
    replaces: bool = False,
) -> Application:
    """The application of one worker process, which serves with a certificate (PEM) of that thumbprint, or with none.

    It `replaces` another one at a reload, which goes on to serve for some seconds.
    """
    beside = replaces or settings.workers > 1
    clock = clock or EvenClock(jumped=log.clock_jumped)
    process = WorkerProcess(open_core(settings, thumbprint, certificate, clock, beside=beside))
    return Application(process.handle, process.start, process.stop, process.drain)


class WorkerProcess:
    """All parts of a worker process, and the doors that requests go in by."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._share = Share()
        self._doors: list[Door] = []
        self._telling: asyncio.Task[None] | None = None
        self._nowhere = Door(lambda _: True, self._not_found, Meter("none"))

    async def start(self) -> None:
        """Reads what the server keeps of itself, then opens the doors."""
        core, identity = self._core, await read_identity(self._core)
        rules, access, bodies = rules_of(core), access_of(core), Bodies(core.settings.body_limit_bytes)
        wire = wire_of(core, rules, access, identity, bodies)
        transfers = transfers_of(core, rules, access, identity)
        self._nearest = wire.nearest
        publisher, pages = publisher_of(core, rules, access), access.sign_on.pages(access.logins, access.refusals.note, bodies)
        self._doors = doors(core, wire, transfers, publisher, vim_of(core, rules, access, identity, bodies), pages)
        self._doors += single_sign_on(core, access, identity, bodies)
        self._expiry = expiry_of(core, rules)
        self._access, self._contacts = access, rules.contacts
        self._runner = runner_of(core, rules, transfers, self._expiry, access)
        self._worker = worker_of(core, rules, wire, access.gate)
        bells = _bells(core, access)
        await core.nodes.start(bells.hear, bells.catch_up)
        self._runner.start()
        self._worker.start()

    def drain(self) -> None:
        """Tells balancers and the other processes that this one is about to stop. It still answers requests."""
        self._core.draining.set()
        self._telling = asyncio.create_task(self._tell_others())

    async def _tell_others(self) -> None:
        with suppress(OSError):  # the stop tells them, too
            await self._core.nodes.drain()

    async def stop(self) -> None:
        """Ends the jobs and closes the database. Later requests are answered with 503."""
        self._doors = []
        await self._tell_others()
        await self._worker.stop()
        await self._core.outbound.close()
        await self._access.sign_on.close()
        await self._runner.stop()
        for save in (
            self._expiry.save_touches,
            self._access.api_tokens.save,
            self._contacts.save,
            self._access.refusals.save,
            partial(note_time, self._core),
        ):
            try:
                await save()
            except OSError as error:  # the database is away or cannot be changed; the rest ends in order all the same
                log.job_failed("stop", error)
        add_up_requests()
        await asyncio.to_thread(self._core.claims.close)
        await self._core.nodes.stop()
        await self._core.metadata.close()

    async def handle(self, request: Request) -> Answer:
        """Passes a request to its door."""
        started = time.perf_counter()
        set_call_began(started)
        set_authority(Authority(partial(_stranger, request)))  # until the gate knows who calls
        path = request.path
        if ("//" in path or path.endswith("/")) and not path.startswith("/cls/"):  # there a slash may mean a directory
            request.path = tidied(path)
        door = self._door(request.path)
        try:
            answer = await _answer(door, request)
        except Disconnected:
            raise
        except Exception as error:  # any error: it is logged, and the response refers to the log
            log.request_failed(request, loggable_path(request.path), cause(error))
            answer = door.failed(request, error)
        repeat_no_more()
        door.meter.count(request, answer, started)
        if answer.status == 503 and all(name != "retry-after" for name, _ in answer.headers):
            answer.headers.extend(RETRY)
        if answer.status >= 400 or (answer.headers and answer.headers[0][0] == "vapi-error"):
            log.request_refused(request, answer)
        if isinstance(answer, Response):
            return answer
        return paced(answer, self._core.limits.throttle, self._share, apart=bool(self._core.storages.silent))

    def _door(self, path: str) -> Door:
        for door in self._doors:
            if door.speaks(path):
                return door
        return self._nowhere

    async def _not_found(self, request: Request) -> Answer:
        if not self._doors:
            return refusal(503, NOT_RUNNING(), [("retry-after", "1")])
        path = loggable_path(request.path)[:200]
        near = self._nearest(request.path)
        return refusal(404, NO_SUCH_PAGE_BUT(path=path, similar=near) if near else NO_SUCH_PAGE(path=path))


async def _answer(door: Door, request: Request) -> Answer:
    """The answer of a door. It is asked once more if rows changed between two reads, and the call has changed nothing."""
    try:
        return await door.handle(request)
    except ChangedWhileRead:
        if request.begun or not may_repeat():
            raise
    repeat_no_more()  # so that each row is read in the state of the first one
    return await door.handle(request)


def _stranger(request: Request) -> Actor:
    """The sender of a request, before the user is known."""
    return Actor(
        address=request.client, operation=f"{request.method} {loggable_path(request.path)}", request=request.request_id
    )


def _bells(core: Core, access: Access) -> Bells:
    """Passes on what concerns the other worker processes as well."""
    bells = Bells(core.signals, core.nodes)
    for name, passwords in (("login_judged", access.passwords), ("library_login_judged", access.library_passwords)):
        bells.carry(name, passwords.judged, passwords.hear)
    return bells
