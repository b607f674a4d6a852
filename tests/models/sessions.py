"""The model of update and download sessions, and of the bytes that go in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.libraries import Told
from models.publishing import Publishing
from models.state import ANYTHING, LEASE, Change, File, Item, Refused, Session

_MISSING_FILE = "invalid_argument"


class Model(Publishing):
    """Everything; a session that is looked at after its lease is over has ended."""

    # update sessions

    def library_item_update_session_create(self, create_spec: Told) -> str:
        item = self._item(create_spec["library_item_id"])
        self._changeable(item.library)
        active = self.active_of(item.id)
        if active is not None:
            self._expire(active)
            if active.state == "ACTIVE":
                raise Refused("resource_busy")
        self.updates[self.made] = Session(self.made, item.id, item.content_version, self.now, item.number, item.files)
        item.abandoned = False
        return str(self.made)

    def library_item_update_session_get(self, update_session_id: str) -> Told:
        session = self._looked_at(self.updates, update_session_id)
        return {**_session(session), "library_item_content_version": str(session.content_version)}

    def library_item_update_session_list(self, library_item_id: str) -> set[str]:
        self._item(library_item_id)
        return {each.id for each in self.updates.values() if each.item == library_item_id}

    def library_item_update_session_keep_alive(self, update_session_id: str, client_progress: int) -> None:
        self._keep_alive(self._active(self.updates, update_session_id), client_progress)

    def library_item_update_session_cancel(self, update_session_id: str) -> None:
        self._end(self._active(self.updates, update_session_id), "CANCELED")

    def library_item_update_session_fail(self, update_session_id: str, client_error_message: str) -> None:
        self._end(self._active(self.updates, update_session_id), "ERROR", client_error_message)

    def library_item_update_session_delete(self, update_session_id: str) -> None:
        if self._session(self.updates, update_session_id).state == "ACTIVE":
            raise Refused("not_allowed_in_current_state")
        del self.updates[update_session_id]

    def library_item_update_session_complete(self, update_session_id: str) -> None:
        session = self._active(self.updates, update_session_id)
        item = self.items[session.item]
        session.touched = self.now
        self._check_ready(session)
        if not session.changes and not item.files:
            raise Refused("not_allowed_in_current_state")
        if session.changes:
            self.advance(item, (*_kept(session), *self._new(session, item)))
            item.type = item.type or _type_of(item.files)
        session.state, session.progress = "DONE", 100

    def _new(self, session: Session, item: Item) -> list[File]:
        return [
            File(name, change.data, item.revision_of(name) + 1, self.new_content())
            for name, change in session.changes.items()
            if not change.removed
        ]

    # the files of an update session

    def library_item_updatesession_file_add(self, file_spec: Told, update_session_id: str) -> Told:
        name, source = file_spec["name"], file_spec["source_type"]
        if "/" in name:
            raise Refused("invalid_argument")
        session = self._touched(self._active(self.updates, update_session_id))
        old = next((file for file in session.files if file.name == name), None)
        session.changes.pop(name, None)
        if source == "NONE" and old is not None:
            return {"name": name, "status": "READY", "bytes_transferred": len(old.data)}
        address = None if source == "NONE" else self.made and self.made["upload_endpoint"]["uri"]
        session.changes[name] = Change(source, address=address, size=file_spec.get("size"))
        return _change(name, session.changes[name])

    def library_item_updatesession_file_list(self, update_session_id: str) -> Any:
        session = self._looked_at(self.updates, update_session_id)
        if self._is_swept(session):
            return ANYTHING
        kept = [{"name": file.name, "status": "READY", "bytes_transferred": len(file.data)} for file in _kept(session)]
        return [*kept, *(_change(name, change) for name, change in session.changes.items() if not change.removed)]

    def library_item_updatesession_file_remove(self, file_name: str, update_session_id: str) -> None:
        session = self._active(self.updates, update_session_id)
        stored = any(file.name == file_name for file in session.files)
        change = session.changes.get(file_name)
        if (change is not None and change.removed) or (change is None and not stored):
            raise Refused(_MISSING_FILE)
        self._touched(session)
        session.changes.pop(file_name, None)
        if stored:
            session.changes[file_name] = Change("NONE", "READY", removed=True)

    def library_item_updatesession_file_validate(self, update_session_id: str) -> Told:
        session = self._touched(self._active(self.updates, update_session_id))
        self._check_ready(session, but="NONE")
        missing = {name for name, change in session.changes.items() if change.source == "NONE" and not change.removed}
        return {"has_errors": bool(missing), "missing_files": missing, "invalid_files": []}

    def put(self, address: str, data: bytes) -> None:
        """Bytes that are sent to an address."""
        for session in self.updates.values():
            for change in session.changes.values():
                if change.address == address and self._is_active(session):
                    self._touched(session)
                    return self._take(change, data)
        raise Refused("refused")

    def _take(self, change: Change, data: bytes) -> None:
        fits = change.size in (None, len(data))
        change.status, change.data = ("READY", data) if fits else ("ERROR", b"")
        if not fits:
            raise Refused("refused")

    # download sessions

    def library_item_download_session_create(self, create_spec: Told) -> str:
        item = self._item(create_spec["library_item_id"])
        self.downloads[self.made] = Session(self.made, item.id, item.content_version, self.now, item.number, item.files)
        return str(self.made)

    def library_item_download_session_get(self, download_session_id: str) -> Told:
        return _session(self._looked_at(self.downloads, download_session_id))

    def library_item_download_session_keep_alive(self, download_session_id: str, progress: int) -> None:
        self._keep_alive(self._active(self.downloads, download_session_id), progress)

    def library_item_download_session_cancel(self, download_session_id: str) -> None:
        self._end(self._active(self.downloads, download_session_id), "CANCELED")

    def library_item_download_session_fail(self, download_session_id: str, client_error_message: str) -> None:
        self._end(self._active(self.downloads, download_session_id), "ERROR", client_error_message)

    def library_item_download_session_delete(self, download_session_id: str) -> None:
        self._session(self.downloads, download_session_id)
        del self.downloads[download_session_id]

    def library_item_downloadsession_file_list(self, download_session_id: str) -> Any:
        session = self._looked_at(self.downloads, download_session_id)
        if self._is_swept(session):
            return ANYTHING
        return [_read(file, prepared=file.name in session.prepared) for file in session.files]

    def library_item_downloadsession_file_prepare(self, download_session_id: str, file_name: str) -> Told:
        session = self._looked_at(self.downloads, download_session_id)
        file = next((each for each in session.files if each.name == file_name), None)
        if session.state != "ACTIVE" or file is None:
            raise Refused(_MISSING_FILE)
        session.prepared[file_name] = self.made and self.made["download_endpoint"]["uri"]
        return _read(file, prepared=True)

    def fetch(self, address: str) -> bytes:
        """The bytes at an address."""
        for session in self.downloads.values():
            for name, known in session.prepared.items():
                if known == address and self._is_active(session):
                    self._touched(session)
                    return next(file.data for file in session.files if file.name == name)
        raise Refused("refused")

    # what both kinds do alike

    def overdue(self) -> Iterator[tuple[str, str]]:
        """The sessions whose lease is over, each with its kind."""
        for kind, sessions in (("update", self.updates), ("download", self.downloads)):
            for session in sessions.values():
                if session.state == "ACTIVE" and session.touched + LEASE < self.now:
                    yield kind, session.id

    def started(self) -> None:
        """The server was started again: every active session has a whole lease, and nothing is being collected."""
        self.sweeping = False
        for session in (*self.updates.values(), *self.downloads.values()):
            if session.state == "ACTIVE":
                self._touched(session)

    def _session(self, sessions: Mapping[str, Session], session_id: str) -> Session:
        if session_id not in sessions:
            raise Refused("not_found")
        session = sessions[session_id]
        self._expire(session)
        return session

    def _is_swept(self, session: Session) -> bool:
        """Whether the files of a session may be gone by now: it has ended, and its item or version is gone for good."""
        item = next((each for each in self.all_items() if each.id == session.item), None)
        return session.state != "ACTIVE" and (item is None or session.number not in {0, *item.versions})

    def _is_active(self, session: Session) -> bool:
        self._expire(session)
        return session.state == "ACTIVE"

    def _active(self, sessions: Mapping[str, Session], session_id: str) -> Session:
        session = self._session(sessions, session_id)
        if session.state != "ACTIVE":
            raise Refused("not_allowed_in_current_state")
        return session

    def _looked_at(self, sessions: Mapping[str, Session], session_id: str) -> Session:
        session = self._session(sessions, session_id)
        return self._touched(session) if session.state == "ACTIVE" else session

    def _touched(self, session: Session) -> Session:
        session.touched = self.now
        return session

    def _keep_alive(self, session: Session, progress: int) -> None:
        if not 0 <= progress <= 100:
            raise Refused("invalid_argument")
        self._touched(session).progress = max(session.progress, progress)

    def _expire(self, session: Session) -> None:
        if session.state == "ACTIVE" and session.touched + LEASE < self.now:
            self._end(session, "CANCELED")

    def _end(self, session: Session, state: str, message: str | None = None) -> None:
        session.state, session.message = state, message
        item = self.items.get(session.item)
        if session.id in self.updates and item is not None and not item.versions:
            item.abandoned = True

    def _check_ready(self, session: Session, but: str = "") -> None:
        if any(each.status != "READY" and each.source != but for each in session.changes.values()):
            raise Refused("not_allowed_in_current_state")


def _session(session: Session) -> dict[str, Any]:
    told: dict[str, Any] = {"library_item_id": session.item, "state": session.state, "client_progress": session.progress}
    return told if session.message is None else {**told, "error_message": {"default_message": session.message}}


def _change(name: str, change: Change) -> Told:
    told: dict[str, Any] = {"name": name, "source_type": change.source, "status": change.status}
    return {**told, "bytes_transferred": len(change.data)}


def _read(file: File, *, prepared: bool) -> Told:
    return {"name": file.name, "size": len(file.data), "status": "PREPARED" if prepared else "UNPREPARED"}


def _kept(session: Session) -> list[File]:
    return [file for file in session.files if file.name not in session.changes]


def _type_of(files: tuple[File, ...]) -> str:
    largest = max(files, key=lambda file: len(file.data), default=None)
    return "iso" if largest is not None and largest.name.endswith(".iso") else ""
