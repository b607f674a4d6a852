"""Calls that show what there is."""

from __future__ import annotations

from models.calls import (
    DOWNLOAD,
    DOWNLOAD_FILE,
    FETCH,
    ITEM,
    RULE,
    SUBSCRIPTIONS,
    TRASH,
    UPDATE,
    UPDATE_FILE,
    USAGES,
    Call,
    calling,
    prepared,
)
from models.sessions import Model


def about(call: Call) -> list[Call]:
    """Calls that show what a call has changed."""
    looks = {
        "library_id": ("library.get", f"{ITEM}.list", RULE),
        "library_item_id": (f"{ITEM}.get", f"{ITEM}.file.list"),
        "library": (f"{USAGES}.list", f"{SUBSCRIPTIONS}.list"),
        "deleted_id": (TRASH,),
        "update_session_id": (f"{UPDATE}.get", f"{UPDATE_FILE}.list"),
        "download_session_id": (f"{DOWNLOAD}.get", f"{DOWNLOAD_FILE}.list"),
    }
    named = [(look, name) for name in looks if name in call.arguments for look in looks[name]]
    return [calling(TRASH) if look == TRASH else calling(look, **{name: call.arguments[name]}) for look, name in named]


def about_copies(model: Model) -> list[Call]:
    """Calls that show what the libraries have that follow others."""
    libraries = [each.id for each in model.libraries.values() if each.source]
    items = [each.id for each in model.items.values() if each.library in libraries]
    looked_at = [*(calling("", library_id=each) for each in libraries), *(calling("", library_item_id=each) for each in items)]
    return [look for each in looked_at for look in about(each)]


def everything(model: Model) -> list[Call]:
    """Calls that show all that the model knows of."""
    looked_at = [
        *(calling("", library_id=each) for each in model.libraries),
        *(calling("", library=each) for each in model.libraries),
        *(calling("", library_item_id=each) for each in model.items),
        *(calling("", update_session_id=each) for each in model.updates),
        *(calling("", download_session_id=each) for each in model.downloads),
    ]
    changes = [calling(f"{ITEM}.changes.list", library_item=each) for each in model.items]
    fetches = [calling(FETCH, address=each) for each in prepared(model)]
    return [calling("library.list"), calling(TRASH), *(look for each in looked_at for look in about(each)), *changes, *fetches]
