"""Completes update sessions: checks their files and makes them the item's content version, atomically."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.items import current_version, find_item, next_generation, next_number, note_change
from contentlib.library.errors import Busy, Damaged, Fault, NotReady
from contentlib.library.identifiers import new_identifier
from contentlib.library.messages import FILE_GONE
from contentlib.library.model import Item, Source, State, StoredFile, TransferStatus, UpdateFile, UpdateSession, Version
from contentlib.library.names import fold
from contentlib.library.packages import kinds
from contentlib.library.packages.checks import Findings
from contentlib.library.packages.starts import Starts
from contentlib.library.ports import MetadataStore
from contentlib.library.quotas import within_quotas
from contentlib.library.sessions import messages
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.library.sessions.package_checks import PackageChecks, Preview
from contentlib.library.sessions.update_files import base_of
from contentlib.library.sessions.update_sessions import UpdateSessions
from contentlib.library.signals import unheard

_TRIES = 5


class Completion:
    """Completes sessions. `sealing` checks their packages; `warned` receives the warnings of accepted ones."""

    def __init__(
        self,
        metadata: MetadataStore,
        sessions: UpdateSessions,
        transfers: FileTransfers,
        blobs: Blobs,
        sealing: PackageChecks,
        warned: Callable[[str, Sequence[Fault]], object] = unheard,
    ) -> None:
        self._metadata = metadata
        self._sessions = sessions
        self._transfers = transfers
        self._blobs = blobs
        self._sealing = sealing
        self._warned = warned

    async def complete(self, session_id: str, *, asked: bool = True) -> None:
        """Makes the session's changes the item's new content version, atomically and durably.

        The client has `asked` for it, or the server does it automatically; after that the client can still ask once.

        Raises NotReady, naming the files, while any is missing or in error; the session stays ACTIVE. If there is nothing at
        all, a new item may take the name of the item. Without changes, the item keeps its content version. While files are
        being fetched, the session is only marked, and completes when they have arrived. If a transfer ends meanwhile, this
        starts again, and raises Busy if that happens repeatedly.
        """
        for _ in range(_TRIES if asked else 1):
            if await self._try_to_complete(session_id, asked=asked):
                return
        raise Busy(messages.CHANGED_MEANWHILE(session=session_id))

    async def _try_to_complete(self, session_id: str, *, asked: bool) -> bool:
        """Whether the session was completed or marked for completion; false if it was changed meanwhile."""
        await self._sessions.expire(session_id)
        async with self._metadata.reading() as transaction:
            session = await self._sessions.find(transaction, session_id)
            if asked and session.completed_unasked:
                return await self._acknowledge(session_id)
            now = self._sessions.fired(session, "completed").touched
            item = await find_item(transaction, session.item)
            base = await current_version(transaction, item)
            kept = await transaction.versions.of(item.id)
            files = await transaction.update_files.of(session_id)
        self._sessions.touch(session)
        if _only_pulls_lack(files):
            return await self._put_off(session_id)
        if asked and not files and item.version_id is None:
            await self._sessions.abandon(session_id)
        version = _next_version(item, base, files, now, kept, user=session.user)
        with self._sessions.held(session):
            if files:
                starts = Starts(self._blobs)
                item = replace(item, type=item.type or await kinds.detect(version.files, starts))
                version = await self._sealing.seal(session, item, version, starts)
                await self._flush(files, version)
                await self._blobs.describe(item, version)
            done = await self._commit(replace(session, completing=asked), files, item, version)
        if done:
            self._sessions.ended(session_id)
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
                    await self._transfers.stop(file, 0, error.fault)
            raise

    async def _acknowledge(self, session_id: str) -> bool:
        """Whether a session is still one that the server completed; it is from now on one that its client completed."""
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._sessions.find(transaction, session_id)
            if session.completed_unasked:
                await transaction.update_sessions.put(replace(session, completing=True))
        return session.completed_unasked

    async def _put_off(self, session_id: str) -> bool:
        """Whether the session is to complete later, because all that it lacks is being fetched."""
        async with self._metadata.transaction(durable=True) as transaction:
            session = await self._sessions.find(transaction, session_id)
            if session.completed_unasked:
                return False
            self._sessions.fired(session, "changed")
            if not _only_pulls_lack(await transaction.update_files.of(session_id)):
                return False
            await transaction.update_sessions.put(replace(self._sessions.acted(session), completing=True))
        return True

    async def _commit(self, session: UpdateSession, files: list[UpdateFile], seen: Item, version: Version) -> bool:
        """Whether neither the files nor the item's content have changed since they were read; else nothing is changed now."""
        async with self._metadata.transaction(durable=True) as transaction:
            found = await self._sessions.find(transaction, session.id)
            if found.completed_unasked if session.completing else found.pulled != session.pulled:
                return False
            done = replace(self._sessions.fired(found, "completed"), progress=100)
            done = replace(done, completing=session.completing or found.completing)
            item = await find_item(transaction, session.item)
            if await transaction.update_files.of(session.id) != files or item.version_id != seen.version_id:
                return False
            async with within_quotas(transaction, item.library, version.user):  # what was reserved is held from now on
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

    async def validate(self, session_id: str) -> Findings:
        """Returns what prevents completing the session. Raises NotReady if pushed files were not received correctly."""
        await self._sessions.expire(session_id)
        async with self._metadata.reading() as transaction:
            session = await self._sessions.find(transaction, session_id)
            if session.completed_unasked:
                return Findings()
            now = self._sessions.fired(session, "changed").touched
            item = await find_item(transaction, session.item)
            base = await current_version(transaction, item)
            files = await transaction.update_files.of(session_id)
        self._sessions.touch(session)
        await self._sessions.note_look(session)
        undecided = [file for file in files if file.source is Source.NONE and not file.removed]
        version = _next_version(item, base, [file for file in files if file not in undecided], now, empty=True)
        with self._sessions.held(session):
            starts = Starts(self._blobs)
            kind = item.type or await kinds.detect(version.files, starts)
            found = await self._sealing.examine(kind, version.files, starts)
        missing = dict.fromkeys([*(file.name for file in undecided), *found.missing])
        return Findings(tuple(missing), found.invalid, warnings=found.warnings)

    async def preview(self, session: UpdateSession) -> Preview:
        """Returns the signature information of a session's package; None for an ended session."""
        if session.state is not State.ACTIVE:
            return Preview()
        async with self._metadata.reading() as transaction:
            changes = await transaction.update_files.of(session.id)
            base = await base_of(transaction, session)
        changed = {file.name for file in changes}
        files: list[StoredFile | UpdateFile] = [file for file in base.files if file.name not in changed]
        files += [
            _stored(file, base, 0, session.user) if file.status is TransferStatus.READY else file
            for file in changes
            if not file.removed and not file.unpacked
        ]
        return await self._sealing.preview(session, files)


def _next_version(
    item: Item,
    base: Version,
    files: list[UpdateFile],
    now: int,
    earlier: Sequence[Version] = (),
    *,
    user: str = "",
    empty: bool = False,
) -> Version:
    waiting = [file for file in files if not file.removed and file.status is not TransferStatus.READY]
    if waiting:
        raise NotReady(messages.NOT_READY(files=_told(waiting)))
    if not files and not base.files and not empty:
        raise NotReady(messages.NO_CONTENT(item=item.id))
    changed = {file.name: file for file in files}
    kept = [file for file in base.files if file.name not in changed]
    now = max(now, base.created + 1)
    generation = next_generation(earlier, now)
    new = [_stored(file, base, generation, user) for file in files if not file.removed and not file.unpacked]
    return Version(new_identifier(), item.id, next_number(item, earlier), now, (*kept, *new), user).after(base)


def _stored(file: UpdateFile, base: Version, generation: int, user: str) -> StoredFile:
    if file.blob is None or file.content is None:
        raise Damaged(FILE_GONE(name=file.name))
    old = base.file(file.name)
    revision = 1 if old is None else old.revision + 1
    return StoredFile(file.name, file.blob, file.received, revision, file.content, generation, user)


def _only_pulls_lack(files: list[UpdateFile]) -> bool:
    """Whether files are still being fetched, and every other one is there."""
    lacking = [file for file in files if file.status is not TransferStatus.READY]
    coming = (TransferStatus.WAITING_FOR_TRANSFER, TransferStatus.TRANSFERRING)
    return bool(lacking) and all(file.source is Source.PULL and file.status in coming for file in lacking)


def _told(files: list[UpdateFile]) -> list[str]:
    return [f"{file.name!r} is {file.status}{': ' + file.fault.text if file.fault else ''}" for file in files]
