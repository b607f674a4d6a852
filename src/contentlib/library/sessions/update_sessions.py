"""Update sessions: changes to an item's files that become visible all at once, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from itertools import islice

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs, Received
from contentlib.library.bytes.storages import StorageSilent
from contentlib.library.catalog.items import check_local, current_version, find_item, next_generation, next_number, note_change
from contentlib.library.checksums import Algorithm, Checksum, compare
from contentlib.library.clock import Clock
from contentlib.library.errors import (
    Busy,
    Damaged,
    Fault,
    Invalid,
    Missing,
    MissingFile,
    NotReady,
    NotWritable,
    StillActive,
    Unavailable,
)
from contentlib.library.idempotence import once
from contentlib.library.identifiers import new_identifier
from contentlib.library.leases import Ended, Leases, fire
from contentlib.library.model import (
    Item,
    Source,
    SourceEndpoint,
    State,
    StoredFile,
    Token,
    TransferStatus,
    UpdateFile,
    UpdateSession,
    Version,
)
from contentlib.library.names import check_file_name, fold
from contentlib.library.packages import kinds, ovf
from contentlib.library.packages.checks import Findings
from contentlib.library.packages.recognition import ENOUGH, mistaken
from contentlib.library.packages.tar import MOST_FILES
from contentlib.library.packages.trust import Trust
from contentlib.library.ports import MetadataStore, SessionRows, Transaction
from contentlib.library.sessions.polls import Polls
from contentlib.library.sessions.pulls import CheckSource, check_endpoint, pull_of, takes_http
from contentlib.library.sessions.sealing import Preview, Sealing
from contentlib.library.sessions.transfer_sessions import TransferSessions
from contentlib.library.tasks import Tasks

_LARGEST = 2**63 - 1
_TRIES = 5


class NewFile(msgspec.Struct, frozen=True):
    """What a caller says of a file to be added."""

    name: str
    source: Source
    size: int | None = None
    checksum: Checksum | None = None
    endpoint: SourceEndpoint | None = None


def _nothing() -> None:
    """Nobody waits for tasks here."""


def _unheard(item: str, warnings: Sequence[Fault]) -> None:
    """Nobody listens to warnings here."""


class UpdateSessions(TransferSessions[UpdateSession]):
    """The operations on update sessions.

    `check_source` says what may be fetched, `submitted` hears when there is something to be fetched, `trust` judges who signed
    a package. What only its descriptor contradicts keeps a package out where that is `strict`; else `warned` hears of it.
    """

    kind = "update session"
    progress_field = "client_progress"

    def __init__(
        self,
        metadata: MetadataStore,
        blobs: Blobs,
        clock: Clock,
        leases: Leases,
        ended: Ended,
        upload_limit: int = 0,
        check_source: CheckSource = takes_http,
        submitted: Callable[[], None] = _nothing,
        trust: Trust | None = None,
        *,
        strict: bool = False,
        most_files: int = MOST_FILES,
        warned: Callable[[str, Sequence[Fault]], None] = _unheard,
    ) -> None:
        super().__init__(metadata, clock, leases, ended)
        self._blobs = blobs
        self._upload_limit = upload_limit
        self._check_source = check_source
        self._submitted = submitted
        self._tasks = Tasks(metadata, clock)
        self.polls = Polls(clock)
        self._sealing = Sealing(metadata, blobs, clock, trust or Trust(metadata, clock), strict=strict)
        self._warned = warned
        self.most_files = most_files

    def _rows(self, transaction: Transaction) -> SessionRows[UpdateSession]:
        return transaction.update_sessions

    async def create(
        self, user: str, login: str, item_id: str | None, ignored: tuple[tuple[str, bool], ...], token: Token | None
    ) -> str:
        """Starts a session on an item; Busy when another one is active."""
        if item_id is None:
            raise Invalid("create_spec.library_item_id", "is required")

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
            self._ended(session_id)
        return made

    async def poll(self, session_id: str, login: str) -> UpdateSession:
        """The session, for a client that may be waiting for its end."""
        session = await self.get(session_id)
        self.polls.note(session, login)
        return session

    async def _continued(self, transaction: Transaction, session_id: str, event: str) -> UpdateSession:
        """The session; one that the server completed before its client was done is active again, on what it completed."""
        session = await self._find(transaction, session_id)
        if not session.completed_unasked or await transaction.update_sessions.active_of(session.item) is not None:
            return await self._active(transaction, session_id, event)
        item = await find_item(transaction, session.item)
        await check_local(transaction, item.library)
        for file in await transaction.update_files.of(session_id):
            await transaction.update_files.remove(session_id, file.name)
        session = fire(self.kind, session, "continued", self._clock.now())
        session = replace(session, base=item.version_id, content_version=item.content_version)
        await transaction.update_sessions.put(session)
        return session

    async def _free(self, transaction: Transaction, item: Item) -> list[str]:
        """Makes sure that no session is active on the item; answers those that had expired and are ended for it."""
        active = await transaction.update_sessions.active_of(item.id)
        if active is None:
            return []
        if not self._leases.expired(active):
            text = f"library item {item.id} has the active update session {active.id}"
            raise Busy("item.busy", text, item.id, active.id)
        await self._expire(transaction, active)
        return [active.id]

    async def update(self, session_id: str, ignored: tuple[tuple[str, bool], ...] | None) -> None:
        """Changes which warnings are passed over."""
        await self.expire(session_id)
        async with self._metadata.transaction(durable=False) as transaction:
            session = self._acted(await self._continued(transaction, session_id, "changed"))
            if ignored is not None:
                session = replace(session, ignored_warnings=ignored)
            await transaction.update_sessions.put(session)
        self._leases.touch(session)

    async def _end(self, transaction: Transaction, session: UpdateSession, event: str, fault: Fault | None) -> None:
        await super()._end(transaction, session, event, fault)
        item = await transaction.items.get(session.item)
        if item is not None and item.version_id is None:
            await transaction.items.put(replace(item, abandoned=True))

    async def delete(self, session_id: str) -> None:
        """Removes a session that has ended; StillActive when it has not."""
        await self.expire(session_id)
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._find(transaction, session_id)
            if session.state is State.ACTIVE:
                text = f"update session {session_id} is ACTIVE; cancel or complete it first"
                raise StillActive("session.active", text, session_id)
            await transaction.update_sessions.remove(session_id)

    async def complete(self, session_id: str, *, asked: bool = True) -> None:
        """Makes the session's changes the item's new content version, at once and durably.

        It is `asked` for by the client, or the server does so by itself; after that the client may ask, too, once.

        NotReady, naming the files, while any is missing or in error; the session then stays ACTIVE. Where nothing changes,
        the item keeps its content version. While files are still being fetched, the session is only told to complete, which
        it does when they are there. Where a transfer ends meanwhile, it begins anew; Busy when that goes on and on.
        """
        for _ in range(_TRIES if asked else 1):
            if await self._try_to_complete(session_id, asked=asked):
                return
        raise Busy("session.changed", f"update session {session_id} was changed while it was completed", session_id)

    async def _try_to_complete(self, session_id: str, *, asked: bool) -> bool:
        """Whether the session was completed, or told to; it was not when it was changed meanwhile."""
        await self.expire(session_id)
        async with self._metadata.reading() as transaction:
            session = await self._find(transaction, session_id)
            if asked and session.completed_unasked:
                return await self._acknowledge(session_id)
            fire(self.kind, session, "completed", self._clock.now())
            item = await find_item(transaction, session.item)
            base = await current_version(transaction, item)
            kept = await transaction.versions.of(item.id)
            files = await transaction.update_files.of(session_id)
        self._leases.touch(session)
        if _only_pulls_lack(files):
            return await self._put_off(session_id)
        version = replace(self._next_version(item, base, files, kept), user=session.user)
        with self._leases.held(session):
            if files:
                item = replace(item, type=item.type or await kinds.detect(version.files, self._blobs))
                version = await self._sealing.seal(session, item, version)
                await self._flush(files, version)
                await self._blobs.describe(item, version)
            done = await self._commit(replace(session, completing=asked), files, item, version)
        if done:
            self._ended(session_id)
            if files and version.warnings:
                self._warned(item.id, version.warnings)
        return done

    async def _flush(self, files: list[UpdateFile], version: Version) -> None:
        """Flushes a version; a file of the session whose bytes are lost is in ERROR until they are sent again."""
        try:
            await self._blobs.flush(version)
        except Damaged as error:
            for file in files:
                if file.name == error.fault.args[0] and file.blob is not None:
                    await self.stop(file, 0, error.fault)
            raise

    async def _acknowledge(self, session_id: str) -> bool:
        """Whether a session is still one that the server completed; it is from now on one that its client completed."""
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._find(transaction, session_id)
            if session.completed_unasked:
                await transaction.update_sessions.put(replace(session, completing=True))
        return session.completed_unasked

    async def _put_off(self, session_id: str) -> bool:
        """Whether the session is to complete later, because all that it lacks is being fetched."""
        async with self._metadata.transaction(durable=True) as transaction:
            session = await self._find(transaction, session_id)
            if session.completed_unasked:
                return False
            fire(self.kind, session, "changed", self._clock.now())
            if not _only_pulls_lack(await transaction.update_files.of(session_id)):
                return False
            await transaction.update_sessions.put(replace(self._acted(session), completing=True))
        return True

    async def _commit(self, session: UpdateSession, files: list[UpdateFile], seen: Item, version: Version) -> bool:
        """Whether neither the files nor the item's content have changed since they were read; else nothing is changed now."""
        async with self._metadata.transaction(durable=True) as transaction:
            found = await self._find(transaction, session.id)
            if found.completed_unasked if session.completing else found.pulled != session.pulled:
                return False
            done = replace(fire(self.kind, found, "completed", self._clock.now()), progress=100)
            done = replace(done, completing=session.completing or found.completing)
            item = await find_item(transaction, session.item)
            if await transaction.update_files.of(session.id) != files or item.version_id != seen.version_id:
                return False
            await transaction.update_sessions.put(done)
            if not files:
                return True
            await self._blobs.check_kept(transaction, version)
            await transaction.versions.add(version)
            changed = replace(
                item,
                type=item.type or seen.type,
                folded_type=fold(item.type or seen.type),
                content_version=version.number,
                version_id=version.id,
                size=sum(file.size for file in version.files),
                modified=max(version.created, item.modified),
                abandoned=False,
            )
            await transaction.items.put(changed)
            await note_change(transaction, changed)
        return True

    def _next_version(
        self, item: Item, base: Version, files: list[UpdateFile], earlier: Sequence[Version] = (), *, empty: bool = False
    ) -> Version:
        waiting = [file for file in files if not file.removed and file.status is not TransferStatus.READY]
        if waiting:
            raise NotReady("session.not_ready", f"not ready: {_told(waiting)}", *[file.name for file in waiting])
        if not files and not base.files and not empty:
            raise NotReady("session.empty", f"library item {item.id} has no content, and no file was added", item.id)
        changed = {file.name: file for file in files}
        kept = [file for file in base.files if file.name not in changed]
        now = max(self._clock.now(), base.created + 1)
        generation = next_generation(earlier, now)
        new = [_stored(file, base, generation) for file in files if not file.removed and not file.unpacked]
        return Version(new_identifier(), item.id, next_number(item, earlier), now, (*kept, *new)).after(base)

    # files of a session

    async def add_file(self, session_id: str, new: NewFile) -> UpdateFile:
        """Adds a file, or replaces one of the same name; what was received for it before is dropped."""
        check_file_name("file_spec.name", new.name)
        if new.size is not None and not 0 <= new.size <= _LARGEST:
            raise Invalid("file_spec.size", f"must be between 0 and {_LARGEST}, not {new.size}")
        if self._upload_limit and (new.size or 0) > self._upload_limit:
            raise Invalid("file_spec.size", f"is {new.size} bytes, {self._upload_limit} are allowed (upload_limit_bytes)")
        pulled = new.source is Source.PULL
        endpoint = await check_endpoint("file_spec.source_endpoint", new.endpoint, self._check_source) if pulled else None
        await self.expire(session_id)
        await self._check_writable(session_id)
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._continued(transaction, session_id, "changed")
            old = await transaction.update_files.get(session_id, new.name)
            if old is None:
                await self._check_count(transaction, session_id)
            base = await _base_of(transaction, session)
            stored = base.file(new.name)
            if new.source is Source.NONE and stored is not None:
                if old is not None:
                    await transaction.update_files.remove(session_id, new.name)
                file = _unchanged(session_id, stored)
            else:
                file = UpdateFile(
                    id=new_identifier(),
                    session=session_id,
                    name=new.name,
                    source=new.source,
                    status=TransferStatus.WAITING_FOR_TRANSFER,
                    size=new.size,
                    checksum=new.checksum,
                    endpoint=endpoint,
                )
                file = await self._put(transaction, session, file)
            await self._let_go(transaction, old)
            await self._note_act(transaction, session, pulled)
        self._leases.touch(session)
        if old is not None:
            self._ended(old.id)
        if pulled:
            self._submitted()
        return file

    async def _check_count(self, transaction: Transaction, session_id: str) -> None:
        if await transaction.update_files.count(session_id) >= self.most_files:
            most = str(self.most_files)
            text = f"update session {session_id} has {most} files, the most that a session may have (session_files_limit)"
            raise NotReady("session.too_many_files", text, session_id, most)

    async def _put(
        self, transaction: Transaction, session: UpdateSession, file: UpdateFile, parent: str | None = None
    ) -> UpdateFile:
        """Adds the file, and the task that fetches it where the server is to do that."""
        if file.source is Source.PULL:
            file = replace(file, task=(await self._tasks.submit(transaction, pull_of(session, file, parent))).id)
        await transaction.update_files.put(file)
        return file

    async def _let_go(self, transaction: Transaction, old: UpdateFile | None) -> list[UpdateFile]:
        """Forgets what came out of an archive that is no longer wanted."""
        if old is None:
            return []
        members = [file for file in await transaction.update_files.of(old.session) if file.archive == old.id]
        for member in members:
            await transaction.update_files.remove(member.session, member.name)
        return members

    async def _note_act(self, transaction: Transaction, session: UpdateSession, pulled: bool = False) -> None:
        """Notes that somebody did more than look, on a session with files that the server fetches."""
        if pulled or session.pulled is not None:
            await transaction.update_sessions.put(replace(session, pulled=self._clock.now()))

    def _acted(self, session: UpdateSession) -> UpdateSession:
        return session if session.pulled is None else replace(session, pulled=self._clock.now())

    async def _check_writable(self, session_id: str) -> None:
        """Tells a client that its bytes would find no place before it sends them."""
        async with self._metadata.reading() as transaction:
            storage = (await self._find(transaction, session_id)).storage
        try:
            await self._blobs.on(storage).run(self._blobs.store.ping, storage)
        except StorageSilent as error:
            raise Unavailable("storage.silent", error.text, storage) from error
        except OSError as error:
            raise NotWritable("storage.not_writable", str(error), storage) from error

    async def remove_file(self, session_id: str, name: str) -> None:
        """Takes a file out of the item when the session completes; one that only the session knows goes at once."""
        await self.expire(session_id)
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._continued(transaction, session_id, "changed")
            old = await transaction.update_files.get(session_id, name)
            stored = (await _base_of(transaction, session)).file(name)
            if (stored is None and old is None) or (old is not None and old.removed):
                raise MissingFile(self.kind, session_id, name)
            if stored is None:
                await transaction.update_files.remove(session_id, name)
            else:
                ready = TransferStatus.READY
                file = UpdateFile(new_identifier(), session_id, name, Source.NONE, ready, removed=True)
                await transaction.update_files.put(file)
            await self._let_go(transaction, old)
            await self._note_act(transaction, session)
        self._leases.touch(session)
        if old is not None:
            self._ended(old.id)

    async def files(self, session_id: str) -> list[UpdateFile]:
        """All files that the item will have when the session completes."""
        await self.expire(session_id)
        async with self._metadata.reading() as transaction:
            session = await self._find(transaction, session_id)
            changes = await transaction.update_files.of(session_id)
            base = await _base_of(transaction, session)
        if session.state is State.ACTIVE:
            self._leases.touch(session)
            await self._looked_at(session)
        changed = {file.name for file in changes}
        kept = [_unchanged(session_id, file) for file in base.files if file.name not in changed]
        return kept + [self._live(file) for file in changes if not file.removed]

    async def preview(self, session: UpdateSession) -> Preview:
        """What there is to know of who signed the package of a session; of one that has ended, nothing."""
        if session.state is not State.ACTIVE:
            return Preview()
        async with self._metadata.reading() as transaction:
            changes = await transaction.update_files.of(session.id)
            base = await _base_of(transaction, session)
        changed = {file.name for file in changes}
        files: list[StoredFile | UpdateFile] = [file for file in base.files if file.name not in changed]
        files += [
            _stored(file, base, 0) if file.status is TransferStatus.READY else file
            for file in changes
            if not file.removed and not file.unpacked
        ]
        return await self._sealing.preview(session, files)

    async def file(self, session_id: str, name: str) -> UpdateFile:
        """One of `files`; MissingFile when there is none of that name."""
        for file in await self.files(session_id):
            if file.name == name:
                return file
        raise MissingFile(self.kind, session_id, name)

    async def validate(self, session_id: str) -> Findings:
        """What stands in the way of completing the session; NotReady when pushed files are not received correctly."""
        await self.expire(session_id)
        async with self._metadata.reading() as transaction:
            session = await self._find(transaction, session_id)
            if session.completed_unasked:
                return Findings()
            fire(self.kind, session, "changed", self._clock.now())
            item = await find_item(transaction, session.item)
            base = await current_version(transaction, item)
            files = await transaction.update_files.of(session_id)
        self._leases.touch(session)
        await self._looked_at(session)
        undecided = [file for file in files if file.source is Source.NONE and not file.removed]
        version = self._next_version(item, base, [file for file in files if file not in undecided], empty=True)
        with self._leases.held(session):
            kind = item.type or await kinds.detect(version.files, self._blobs)
            found = await self._sealing.examine(kind, version.files)
        missing = dict.fromkeys([*(file.name for file in undecided), *found.missing])
        return Findings(tuple(missing), found.invalid, warnings=found.warnings)

    async def _looked_at(self, session: UpdateSession) -> None:
        """Notes that somebody looked at the files of a session, which is more than to wait for its end."""
        if session.pulled is None:
            return
        async with self._metadata.transaction(durable=False) as transaction:
            found = await transaction.update_sessions.get(session.id)
            if found is not None and found.state is State.ACTIVE:
                await transaction.update_sessions.put(self._acted(found))

    # transfers, by clients and by the server

    async def target(self, session_id: str, file_id: str) -> tuple[UpdateSession, UpdateFile]:
        """The session and the file that an upload is for; Missing when either is gone, NotActive when the session ended."""
        await self.expire(session_id)
        async with self._metadata.reading() as transaction:
            session = await self._find(transaction, session_id)
            file = await transaction.update_files.by_id(session_id, file_id)
        fire(self.kind, session, "changed", self._clock.now())
        if file is None:
            raise Missing("upload", file_id)
        self._leases.touch(session)
        return session, self._live(file)

    async def begin(self, file: UpdateFile) -> None:
        """Notes that bytes of a file are coming; a blob of an earlier transfer is let go.

        Busy when the file was completed since it was read: a request that its client gave up long ago may get its turn after
        the one that took its place.
        """
        await self._mark(file, replace(file, status=TransferStatus.TRANSFERRING, fault=None, blob=None), begins=True)

    async def stop(self, file: UpdateFile, received: int, fault: Fault) -> None:
        """Notes that a transfer ended in error, with what was received."""
        await self._mark(file, replace(file, status=TransferStatus.ERROR, received=received, fault=fault, blob=None))

    async def wait(self, file: UpdateFile, received: int, fault: Fault) -> None:
        """Notes that a transfer broke off with what was received, and that the server will go on with it."""
        status = TransferStatus.TRANSFERRING
        await self._mark(file, replace(file, status=status, received=received, fault=fault, blob=None))

    def differs(self, file: UpdateFile, size: int, digests: dict[Algorithm, str]) -> Fault | None:
        """What is wrong with bytes that are not as they were declared."""
        return _size_fault(file, size) or compare(file.name, file.checksum, digests)

    async def changes(self, session_id: str) -> set[str]:
        """The names of the files that a session changes."""
        async with self._metadata.reading() as transaction:
            return {file.name for file in await transaction.update_files.of(session_id)}

    async def add_references(self, descriptor: UpdateFile, references: Iterable[NewFile]) -> None:
        """Adds files to be fetched with a descriptor that was fetched; those that the session has already stay as they are.

        A size that a descriptor says is often wrong, so it is not declared for the file.
        """
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._active(transaction, descriptor.session, "changed")
            if await transaction.update_files.by_id(descriptor.session, descriptor.id) is None:
                raise Missing("upload", descriptor.id)
            room = self.most_files - await transaction.update_files.count(session.id)
            for new in islice(references, max(room, 0)):  # completing the session tells what is missing
                if await transaction.update_files.get(session.id, new.name) is None:
                    file = UpdateFile(
                        id=new_identifier(),
                        session=session.id,
                        name=new.name,
                        source=Source.PULL,
                        status=TransferStatus.WAITING_FOR_TRANSFER,
                        endpoint=new.endpoint,
                    )
                    await self._put(transaction, session, file, descriptor.task)
        self._submitted()

    async def pause(self, file: UpdateFile, received: int) -> None:
        """Notes that a part of the bytes is there and more will come."""
        await self._mark(file, replace(file, status=TransferStatus.TRANSFERRING, received=received, fault=None, blob=None))

    async def finish(self, file: UpdateFile, received: Received) -> Fault | None:
        """Takes all bytes of a file when size and checksum are as declared; else the file is in ERROR with the fault."""
        fault = self.differs(file, received.size, received.digests) or await self._mistaken(file, received)
        if fault is not None:
            await self.stop(file, 0, fault)
            return fault
        blob = await self._blobs.keep(received)
        algorithm = Algorithm.SHA256 if file.checksum is None else file.checksum.algorithm
        content = Checksum(algorithm, received.digests[algorithm])
        status = TransferStatus.READY
        ready = replace(file, status=status, received=received.size, content=content, blob=blob.id, fault=None)
        await self._mark(file, ready)
        return None

    async def _mistaken(self, file: UpdateFile, received: Received) -> Fault | None:
        """What is wrong with bytes that are not the file itself but a page, a form or a text made of it."""
        storage, upload = received.storage, received.upload
        start = await self._blobs.on(storage).run(self._blobs.store.staged_start, storage, upload, ENOUGH)
        return mistaken(file.name, start)

    def held(self, session: UpdateSession) -> AbstractContextManager[None]:
        """Keeps a session alive while the server is at work on its files."""
        return self._leases.held(session)

    # archives that are unpacked as they come

    async def unpacks(self, session: UpdateSession, file: UpdateFile) -> bool:
        """Whether a file is an OVA whose files are to become the item's, and not itself."""
        return ovf.is_archive(file.name) and await self.takes_packages(session)

    async def takes_packages(self, session: UpdateSession) -> bool:
        """Whether the item of a session is an OVF package, or may become one."""
        async with self._metadata.reading() as transaction:
            item = await find_item(transaction, session.item)
        return item.folded_type in ("", ovf.TYPE)

    async def is_untyped(self, archive: UpdateFile) -> bool:
        """Whether the item of an archive may be of any type."""
        async with self._metadata.reading() as transaction:
            session = await self._find(transaction, archive.session)
            return not (await find_item(transaction, session.item)).folded_type

    async def members(self, archive: UpdateFile) -> dict[str, UpdateFile]:
        """The files that came out of an archive, by name."""
        async with self._metadata.reading() as transaction:
            files = await transaction.update_files.of(archive.session)
        return {file.name: file for file in files if file.archive == archive.id}

    async def forget_members(self, archive: UpdateFile) -> list[UpdateFile]:
        """Takes all files that came out of an archive out of its session, so that it can come again; answers them."""
        async with self._metadata.transaction(durable=False) as transaction:
            return await self._let_go(transaction, archive)

    async def begin_member(self, archive: UpdateFile, name: str, size: int) -> UpdateFile:
        """Notes that a file of an archive begins; it is finished like any other."""
        member = UpdateFile(
            id=new_identifier(),
            session=archive.session,
            name=name,
            source=archive.source,
            status=TransferStatus.TRANSFERRING,
            size=size,
            endpoint=archive.endpoint,
            archive=archive.id,
        )
        async with self._metadata.transaction(durable=False) as transaction:
            await self._active(transaction, archive.session, "changed")
            current = await transaction.update_files.by_id(archive.session, archive.id)
            if current is None:
                raise Missing("upload", archive.id)
            old = await transaction.update_files.get(archive.session, name)
            if old is None:
                await self._check_count(transaction, archive.session)
            if current.name == name:  # an archive that is named as one of its files makes way for it
                await transaction.update_files.remove(archive.session, name)
                await transaction.update_files.put(replace(current, name=f"{name}{ovf.ARCHIVE}"))
            await transaction.update_files.put(member)
        if old is not None and old.id != archive.id:
            self._ended(old.id)
        return member

    async def unpacked(self, archive: UpdateFile, size: int, digests: dict[Algorithm, str]) -> Fault | None:
        """The archive is READY, as all its files are; or the fault says why it is not as declared.

        It stays in the session, for clients that wait for the file that they added, and is no part of the content.
        """
        fault = self.differs(archive, size, digests)
        if fault is None:
            content = archive.checksum
            ready = replace(archive, status=TransferStatus.READY, received=size, content=content, blob=None, fault=None)
            await self._mark(archive, ready)
        return fault

    async def _mark(self, file: UpdateFile, changed: UpdateFile, *, begins: bool = False) -> None:
        await self.expire(file.session)
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._active(transaction, file.session, "changed")
            current = await transaction.update_files.by_id(file.session, file.id)
            if current is None:
                raise Missing("upload", file.id)
            completed = current.status is TransferStatus.READY
            if begins and completed and (file.status is not TransferStatus.READY or current.blob != file.blob):
                raise Busy("file.completed", f"file {file.name!r} was completed by another request meanwhile", file.name)
            await transaction.update_files.put(replace(changed, name=current.name))
            await self._note_act(transaction, session)
        self._leases.touch(session)
        self._leases.note_progress(file.id, changed.received)

    def _live(self, file: UpdateFile) -> UpdateFile:
        if file.status is TransferStatus.TRANSFERRING:
            return replace(file, received=self._leases.progress(file.id, file.received))
        return file


async def _base_of(transaction: Transaction, session: UpdateSession) -> Version:
    version = None if session.base is None else await transaction.versions.get(session.base)
    return version or Version("", session.item, session.content_version, session.created, ())


def _unchanged(session_id: str, file: StoredFile) -> UpdateFile:
    return UpdateFile(
        id="",
        session=session_id,
        name=file.name,
        source=Source.NONE,
        status=TransferStatus.READY,
        received=file.size,
        content=file.checksum,
        blob=file.blob,
    )


def _stored(file: UpdateFile, base: Version, generation: int) -> StoredFile:
    if file.blob is None or file.content is None:
        raise Damaged("file.gone", f"the content of file {file.name!r} is gone", file.name)
    old = base.file(file.name)
    revision = 1 if old is None else old.revision + 1
    return StoredFile(file.name, file.blob, file.received, revision, file.content, generation)


def _size_fault(file: UpdateFile, size: int) -> Fault | None:
    if file.size is None or file.size == size:
        return None
    text = f"file {file.name!r} has {size} bytes, expected were {file.size}"
    return Fault("file.size_mismatch", text, (file.name, str(file.size), str(size)))


def _only_pulls_lack(files: list[UpdateFile]) -> bool:
    """Whether files are still being fetched, and every other one is there."""
    lacking = [file for file in files if file.status is not TransferStatus.READY]
    coming = (TransferStatus.WAITING_FOR_TRANSFER, TransferStatus.TRANSFERRING)
    return bool(lacking) and all(file.source is Source.PULL and file.status in coming for file in lacking)


def _told(files: list[UpdateFile]) -> str:
    told = (f"{file.name!r} is {file.status}{': ' + file.fault.text if file.fault else ''}" for file in files)
    return "; ".join(told)
