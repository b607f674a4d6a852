"""Starts, renews and ends update sessions. An item has at most one active session."""

from __future__ import annotations

from msgspec.structs import replace

from contentlib.library.catalog.items import check_local, find_item
from contentlib.library.catalog.messages import ITEM_BUSY
from contentlib.library.clock import Clock
from contentlib.library.errors import Busy, Fault, Invalid, StillActive
from contentlib.library.idempotence import once
from contentlib.library.identifiers import new_identifier
from contentlib.library.leases import Ended, Leases
from contentlib.library.messages import REQUIRED
from contentlib.library.model import Item, State, Token, UpdateSession
from contentlib.library.ports import MetadataStore, SessionRows, Transaction
from contentlib.library.sessions import messages
from contentlib.library.sessions.polls import Polls
from contentlib.library.sessions.transfer_sessions import TransferSessions


class UpdateSessions(TransferSessions[UpdateSession]):
    """The operations on update sessions themselves."""

    kind = "update session"
    progress_field = "client_progress"

    def __init__(self, metadata: MetadataStore, clock: Clock, leases: Leases, ended: Ended) -> None:
        super().__init__(metadata, clock, leases, ended)
        self.polls = Polls(clock)

    def _rows(self, transaction: Transaction) -> SessionRows[UpdateSession]:
        return transaction.update_sessions

    async def create(
        self, user: str, login: str, item_id: str | None, ignored: tuple[tuple[str, bool], ...], token: Token | None
    ) -> str:
        """Starts a session on an item. Raises Busy if another one is active."""
        if item_id is None:
            raise Invalid(REQUIRED(field="create_spec.library_item_id"))

        expired: list[str] = []

        async def add(transaction: Transaction) -> str:
            item = await find_item(transaction, item_id)
            library = await check_local(transaction, item.library)
            expired.extend(await self._free(transaction, item))
            now = self._clock.now()
            session = UpdateSession(
                id=new_identifier(),
                user=user,
                login=login,
                item=item_id,
                content_version=item.content_version,
                created=now,
                touched=now,
                base=item.version_id,
                storage=library.storage,
                ignored_warnings=ignored,
            )
            await transaction.update_sessions.add(session)
            if item.abandoned:
                await transaction.items.put(replace(item, abandoned=False))
            return session.id

        made = await once(self._metadata, self._clock, token, add, durable=False)
        for session_id in expired:
            self.ended(session_id)
        return made

    async def _free(self, transaction: Transaction, item: Item) -> list[str]:
        """Makes sure that no session is active on the item. Returns expired ones that were ended."""
        active = await transaction.update_sessions.active_of(item.id)
        if active is None:
            return []
        if not self._leases.expired(active):
            raise Busy(ITEM_BUSY(item=item.id, session=active.id))
        await self._expire(transaction, active)
        return [active.id]

    async def poll(self, session_id: str, login: str) -> UpdateSession:
        """The session, for a client that may be waiting for its end."""
        session = await self.get(session_id)
        self.polls.note(session, login)
        return session

    async def update(self, session_id: str, ignored: tuple[tuple[str, bool], ...] | None) -> None:
        """Changes which warnings are passed over."""
        await self.expire(session_id)
        async with self._metadata.transaction(durable=False) as transaction:
            session = self.acted(await self.continued(transaction, session_id, "changed"))
            if ignored is not None:
                session = replace(session, ignored_warnings=ignored)
            await transaction.update_sessions.put(session)
        self._leases.touch(session)

    async def delete(self, session_id: str) -> None:
        """Removes a session that has ended; StillActive when it has not."""
        await self.expire(session_id)
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self.find(transaction, session_id)
            if session.state is State.ACTIVE:
                raise StillActive(messages.STILL_ACTIVE(session=session_id))
            await transaction.update_sessions.remove(session_id)

    async def _end(self, transaction: Transaction, session: UpdateSession, event: str, fault: Fault | None) -> None:
        await super()._end(transaction, session, event, fault)
        item = await transaction.items.get(session.item)
        if item is not None and item.version_id is None:
            await transaction.items.put(replace(item, abandoned=True))

    async def abandon(self, session_id: str) -> None:
        """Lets a new item take the name of one that its client completed without content, unless a file was added."""
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self.find(transaction, session_id)
            item = await find_item(transaction, session.item)
            if item.version_id is None and not await transaction.update_files.of(session_id):
                await transaction.items.put(replace(item, abandoned=True))

    # in the transaction of a caller

    async def continued(self, transaction: Transaction, session_id: str, event: str) -> UpdateSession:
        """Returns the session. One that the server completed before its client was done becomes active again."""
        session = await self.find(transaction, session_id)
        if not session.completed_unasked or await transaction.update_sessions.active_of(session.item) is not None:
            return await self.active(transaction, session_id, event)
        item = await find_item(transaction, session.item)
        await check_local(transaction, item.library)
        for file in await transaction.update_files.of(session_id):
            await transaction.update_files.remove(session_id, file.name)
        session = self.fired(session, "continued")
        session = replace(session, base=item.version_id, content_version=item.content_version)
        await transaction.update_sessions.put(session)
        return session

    def acted(self, session: UpdateSession) -> UpdateSession:
        """The session after its client did more than look, which counts where files of it are fetched."""
        return session if session.pulled is None else replace(session, pulled=self._clock.now())

    async def note_act(self, transaction: Transaction, session: UpdateSession, pulled: bool = False) -> None:
        """Records that a client did more than read a session with fetched files."""
        if pulled or session.pulled is not None:
            await transaction.update_sessions.put(replace(session, pulled=self._clock.now()))

    async def note_look(self, session: UpdateSession) -> None:
        """Records that a client read the files of a session, which is more than waiting for its end."""
        if session.pulled is None:
            return
        async with self._metadata.transaction(durable=False) as transaction:
            transaction.audit.skip()
            found = await transaction.update_sessions.get(session.id)
            if found is not None and found.state is State.ACTIVE:
                await transaction.update_sessions.put(self.acted(found))
