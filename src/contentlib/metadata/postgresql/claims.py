"""Claims uploads for one writer on all machines, by rows that the writer renews.

A row has the number of the claim, which no other claim has, and the time at which the claim ends, by the clock of the database.
A writer checks its claim after its bytes are stored and before it acknowledges them. If the row has another number by then, the
writer was silent for too long and another one has taken over.

Of the writers of one machine only one claims at a time, because the kernel knows when they have ended: `local`. A thread
with an event loop of its own renews the claims of a process, however busy its other threads are.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import structlog

from contentlib.library.ports import ClaimHeld, ClaimLost, UploadClaim, UploadClaims
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.connections import Connector
from contentlib.metadata.postgresql.link import Link

Result = TypeVar("Result")
_BEATS_A_LEASE = 5
_LONGEST_BEAT = 1.0
_SILENT_BEATS = 2.5
_RELEASE_SECONDS = 2.0  # that the release of a claim waits for the database; then the claim ends by itself
_FORGOTTEN_SECONDS = 7 * 86_400  # after its end; an upload's session ends long before
_FORGOTTEN_LEASES = 10  # after the end of a claim on an upload that no other writer will go on with
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_CLAIM = f"""INSERT INTO upload_claims AS old (upload, owner, until, shared) VALUES ($1, $2, {_NOW} + $3, false)
    ON CONFLICT (upload) DO UPDATE SET number = excluded.number, owner = excluded.owner, until = excluded.until,
        shared = old.shared OR old.owner <> excluded.owner
    WHERE old.until <= {_NOW} OR old.owner = excluded.owner
    RETURNING number, shared"""  # noqa: S608 - constants of this module
_LEFT = f"SELECT until - {_NOW} FROM upload_claims WHERE upload = $1"  # noqa: S608 - a constant
_RENEW = f"""UPDATE upload_claims SET until = {_NOW} + $2 WHERE number = ANY($1::bigint[]) RETURNING number"""  # noqa: S608 - a constant
_SETTLE = "UPDATE upload_claims SET shared = false WHERE number = $1 RETURNING number"
_RELEASE = "DELETE FROM upload_claims WHERE number = $1 AND NOT shared"
_END = f"UPDATE upload_claims SET until = {_NOW} WHERE number = $1"  # noqa: S608 - a constant
_FORGET = f"""DELETE FROM upload_claims WHERE until < {_NOW} - $1 OR until < {_NOW} - $2
    AND NOT EXISTS (SELECT FROM update_files WHERE id = substring(upload FROM '[^~]*$'))
    AND NOT EXISTS (SELECT FROM arrivals WHERE id = substring(upload FROM '[^~]*$'))"""  # noqa: S608 - a constant
_LOG = structlog.stdlib.get_logger(__name__)


class PostgresqlClaims:
    """Claims by rows of a database, which last for `lease` seconds and are renewed. `local` are the claims of this machine."""

    def __init__(self, address: Address, local: UploadClaims, directory: Path, lease: float) -> None:
        self._local = local
        self._directory = directory
        self._lease = lease
        self._beat = min(_LONGEST_BEAT, lease / _BEATS_A_LEASE)
        self._link = Link(Connector(address))
        self._held: dict[int, None] = {}
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def claim(self, storage: str, upload: str) -> UploadClaim:
        """Claims an upload. Raises ClaimHeld while another writer has it."""
        local, name = self._local.claim(storage, upload), f"{storage}~{upload}"
        try:
            found = self.call(self._link.fetch(_CLAIM, name, self._owner(), self._milliseconds))
            if not found:
                raise ClaimHeld(silent=self._is_silent(name))
        except BaseException:
            local.release()
            raise
        number, shared = found[0]
        self._held[number] = None
        return _Claim(self, local, number, alone=not shared)

    def holds(self, number: int) -> bool:
        """Whether a claim is still the last one; renews it."""
        if self.call(self._link.fetch(_RENEW, [number], self._milliseconds)):
            return True
        self._held.pop(number, None)
        return False

    def settle(self, number: int) -> bool:
        """Notes that the holder of a claim shares nothing with earlier ones. Returns whether it still holds."""
        return bool(self.call(self._link.fetch(_SETTLE, number)))

    def end(self, number: int) -> None:
        """Ends a claim. If the database is away, the claim ends later, because it is not renewed any more."""
        self._held.pop(number, None)
        with suppress(OSError, TimeoutError):
            self.call(self._ended(number))

    def forget(self) -> None:
        """Removes the rows of claims that ended long ago, sooner if their upload belongs to no session and no sync."""
        self._local.forget()
        self.call(self._link.fetch(_FORGET, _FORGOTTEN_SECONDS * 1000, _FORGOTTEN_LEASES * self._milliseconds))

    def close(self) -> None:
        """Ends the thread. The claims of this process end, because they are not renewed any more."""
        with self._starting:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Runs statements in the thread."""
        return asyncio.run_coroutine_threadsafe(work, self._running()).result()

    async def _ended(self, number: int) -> None:
        async with asyncio.timeout(_RELEASE_SECONDS):
            await self._link.fetch(_RELEASE, number)
            await self._link.fetch(_END, number)  # if the row is still there

    @property
    def _milliseconds(self) -> int:
        return int(self._lease * 1000)

    def _is_silent(self, name: str) -> bool:
        found = self.call(self._link.fetch(_LEFT, name))
        return not found or found[0][0] < self._milliseconds - _SILENT_BEATS * self._beat * 1000

    def _owner(self) -> str:
        """Identifies the directory of the locks, on a machine that runs: what shares it, shares a kernel."""
        found = self._directory.stat()
        return f"{_BOOT.read_text().strip()}:{found.st_dev}:{found.st_ino}"

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name="upload claims", daemon=True)
                self._thread.start()
            return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        renewing = loop.create_task(self._keep_renewing())
        try:
            loop.run_forever()
            renewing.cancel()
            loop.run_until_complete(asyncio.gather(renewing, return_exceptions=True))
            loop.run_until_complete(self._link.close())
            loop.run_until_complete(asyncio.sleep(0))  # it closes the sockets of lost connections
        finally:
            loop.close()

    async def _keep_renewing(self) -> None:
        away = False
        while True:
            await asyncio.sleep(self._beat)
            try:
                held = list(self._held)
                if held:
                    kept = {number for (number,) in await self._link.fetch(_RENEW, held, self._milliseconds)}
                    for lost in {*held} - kept:
                        self._held.pop(lost, None)
            except OSError as error:
                if not away:
                    _LOG.warning("claims on uploads not renewed", told=str(error))
                away = True
            else:
                away = False


class _Claim:
    """A claim on an upload, and the lock of this machine."""

    def __init__(self, claims: PostgresqlClaims, local: UploadClaim, number: int, *, alone: bool) -> None:
        self.number = number
        self.alone = alone
        self._claims = claims
        self._local = local
        self._released = False

    def settle(self) -> None:
        """Notes that nothing of the upload is shared with earlier writers any more."""
        if not self._claims.settle(self.number):
            raise ClaimLost

    def check(self) -> None:
        """Returns if the claim still held when this was called; ClaimLost if not."""
        if not self._claims.holds(self.number):
            raise ClaimLost

    def release(self) -> None:
        """Ends the claim, first for the other machines. Can be called again."""
        if not self._released:
            self._released = True
            self._claims.end(self.number)
            self._local.release()
