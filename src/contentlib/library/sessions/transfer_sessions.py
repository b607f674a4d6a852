"""Finds, renews and ends sessions of both kinds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import ClassVar, Generic

from contentlib.library.catalog.items import find_item
from contentlib.library.clock import Clock
from contentlib.library.errors import Fault, Missing
from contentlib.library.leases import AnySession, Ended, Leases, advance, fire
from contentlib.library.model import State
from contentlib.library.names import clean
from contentlib.library.ports import MetadataStore, SessionRows, Transaction
from contentlib.library.sessions import messages


class TransferSessions(ABC, Generic[AnySession]):
    """The operations of both kinds of session. `progress_field` is the contract's name of a client's progress."""

    kind: ClassVar[str]
    progress_field: ClassVar[str]

    def __init__(self, metadata: MetadataStore, clock: Clock, leases: Leases, ended: Ended) -> None:
        self._metadata = metadata
        self._clock = clock
        self._leases = leases
        self.ended = ended

    @abstractmethod
    def _rows(self, transaction: Transaction) -> SessionRows[AnySession]:
        """Returns the rows of this kind of session."""

    async def get(self, session_id: str) -> AnySession:
        """Returns the session. Raises Missing if there is none."""
        async with self._metadata.reading() as transaction:
            session = await self.find(transaction, session_id)
        if self._leases.expired(session):
            await self.expire(session_id)
            return await self.get(session_id)
        if session.state is State.ACTIVE:
            self._leases.touch(session)
        return session

    async def ids(self, user: str, item_id: str | None) -> list[str]:
        """The identifiers of the user's sessions, of one item or of all that are there.

        Clients look up the item of each, and show nothing at all where one is gone; its sessions can still be got.
        """
        async with self._metadata.reading() as transaction:
            if item_id is not None:
                await find_item(transaction, item_id)
            return await self._rows(transaction).ids(user, item_id)

    async def keep_alive(self, session_id: str, progress: int | None) -> None:
        """Extends the lease, and notes the client's progress."""
        await self.expire(session_id)
        async with self._metadata.transaction(durable=False) as transaction:
            transaction.audit.skip()
            session = self.acted(await self.continued(transaction, session_id, "kept alive"))
            await self._rows(transaction).put(advance(session, progress, self.progress_field))
        self._leases.touch(session)

    async def cancel(self, session_id: str) -> None:
        """Ends the session, invalidates its URLs and discards its changes."""
        await self.expire(session_id)
        await self._finish(session_id, "canceled", None)

    async def fail(self, session_id: str, message: str) -> None:
        """Ends the session in ERROR with the client's message."""
        await self.expire(session_id)
        await self.end_in_error(session_id, messages.FAILED_BY_CLIENT(text=clean(message)))

    async def end_in_error(self, session_id: str, fault: Fault) -> None:
        """Ends the session in ERROR with a fault."""
        await self._finish(session_id, "failed", fault)

    async def expire(self, session_id: str) -> None:
        """Ends the session when its lease is over; does nothing to one that was touched or ended meanwhile."""
        if self._leases.touched_lately(session_id):
            return
        async with self._metadata.reading() as transaction:
            session = await self._rows(transaction).get(session_id)
        if session is None or not self._leases.expired(session):
            return
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._rows(transaction).get(session_id)
            expired = session is not None and self._leases.expired(session)
            if session is not None and expired:
                await self._expire(transaction, session)
        if expired:
            self.ended(session_id)

    async def _expire(self, transaction: Transaction, session: AnySession) -> None:
        seconds = self._leases.milliseconds // 1000
        await self._end(transaction, session, "expired", messages.EXPIRED(seconds=seconds))

    async def _finish(self, session_id: str, event: str, fault: Fault | None) -> None:
        async with self._metadata.transaction(durable=False) as transaction:
            await self._end(transaction, await self.find(transaction, session_id), event, fault)
        self.ended(session_id)

    async def _end(self, transaction: Transaction, session: AnySession, event: str, fault: Fault | None) -> None:
        await self._rows(transaction).put(fire(self.kind, session, event, self._clock.now(), fault))

    def touch(self, session: AnySession) -> None:
        """Extends the lease of a session."""
        self._leases.touch(session)

    def held(self, session: AnySession) -> AbstractContextManager[None]:
        """Keeps a session alive while the server is at work on it."""
        return self._leases.held(session)

    def fired(self, session: AnySession, event: str) -> AnySession:
        """The session after an event; NotActive when it is illegal in its state."""
        return fire(self.kind, session, event, self._clock.now())

    # in the transaction of a caller

    def acted(self, session: AnySession) -> AnySession:
        """The session after its client did something with it."""
        return session

    async def continued(self, transaction: Transaction, session_id: str, event: str) -> AnySession:
        """Returns the session for a client that continues it. Raises NotActive if it has ended."""
        return await self.active(transaction, session_id, event)

    async def find(self, transaction: Transaction, session_id: str) -> AnySession:
        """The session, or Missing."""
        session = await self._rows(transaction).get(session_id)
        if session is None:
            raise Missing(self.kind, session_id)
        return session

    async def active(self, transaction: Transaction, session_id: str, event: str) -> AnySession:
        """Returns the session after an event. Raises Missing if there is none, NotActive if it has ended."""
        return self.fired(await self.find(transaction, session_id), event)
