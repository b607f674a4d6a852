"""Steps of what calls at random seldom make: bytes go in, bytes go out, a library follows another one."""

from __future__ import annotations

from models.calls import DOWNLOAD, DOWNLOAD_FILE, FETCH, PUBLISH, UPDATE, Call, calling, push, send, subscribe
from models.sessions import Model
from models.state import FIRST


def next_step(model: Model, file: str) -> Call | None:
    """What brings the first item nearer to a content version with a file."""
    item = next(iter(model.items), None)
    if item is None:
        return None
    session = model.active_of(item)
    if session is None:
        return calling(f"{UPDATE}.create", create_spec={"library_item_id": item})
    change = session.changes.get(file)
    if change is None or change.address is None:
        return push(session.id, file, sized=False)
    if change.status != "READY":
        return send((change.address, file), str(len(model.items[item].versions)).encode())
    return calling(f"{UPDATE}.complete", update_session_id=session.id)


def next_look(model: Model, file: str) -> Call | None:
    """What brings the bytes of a file nearer to a client."""
    item = next((each for each in model.items.values() if any(stored.name == file for stored in each.files)), None)
    if item is None:
        return None
    sessions = (each for each in model.downloads.values() if each.item == item.id and each.state == "ACTIVE")
    session = next((each for each in sessions if any(stored.name == file for stored in each.files)), None)
    if session is None:
        return calling(f"{DOWNLOAD}.create", create_spec={"library_item_id": item.id})
    if file not in session.prepared:
        return calling(f"{DOWNLOAD_FILE}.prepare", download_session_id=session.id, file_name=file)
    return calling(FETCH, address=session.prepared[file])


def next_copy(model: Model, _: str) -> Call | None:
    """What brings a library nearer to one that follows it and has what it has."""
    library = next((each for each in model.libraries.values() if each.published and not each.maintained), None)
    if library is None:
        return None
    known = model.subscribers(library)
    return calling(PUBLISH, library_id=library.id) if known else subscribe(library.id, "copy", FIRST)
