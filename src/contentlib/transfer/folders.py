"""Parses the URLs of files on datastores, as vCenter has them.

    /folder/contentlib-LIBRARY/ITEM/NAME?dcPath=DATACENTER&dsName=DATASTORE

Clients of the Web Services send the cookie of their session with them.
"""

from __future__ import annotations

from urllib.parse import parse_qs, unquote

from contentlib.http.cookies import cookie
from contentlib.http.message import Request
from contentlib.inventory import Inventory
from contentlib.library.catalog.browsing import library_of
from contentlib.transfer import messages
from contentlib.transfer.addresses import StaticAddress
from contentlib.transfer.answers import RequestRefused

_FOLDER = "/folder"
_HEADER = "vmware-api-session-id"
_COOKIE = "vmware_soap_session"
_ENTRY = "contentlib-LIBRARY/ITEM/FILE"


def is_folder(path: str) -> bool:
    """Whether a path is that of a file on a datastore."""
    return path == _FOLDER or path.startswith(f"{_FOLDER}/")


class Folders:
    """Finds the files of items by their paths on datastores."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def address(self, request: Request) -> StaticAddress:
        """The file that a request is for. Raises RequestRefused if the URL cannot be that of a file."""
        if request.method not in ("GET", "HEAD"):
            raise RequestRefused(405, messages.READ_ONLY(method=request.method[:20]), [("allow", "GET, HEAD")])
        asked = parse_qs(request.query)
        self._check_datacenter(asked.get("dcPath", [""])[-1])
        storage = self._storage(asked.get("dsName", [""])[-1])
        steps = [unquote(each) for each in request.path.removeprefix(_FOLDER).split("/")]
        path = [each for each in steps if each not in ("", ".")]
        library = library_of(path[0]) if len(path) == 3 else None
        if library is None:
            raise RequestRefused(404, messages.NOT_A_FILE(path=request.path[:200], form=_ENTRY))
        return StaticAddress(library, path[1], path[2], None, storage)

    def _check_datacenter(self, path: str) -> None:
        name = unquote(path.strip("/"))
        if name not in ("", self._inventory.datacenter):
            raise RequestRefused(404, messages.NO_DATACENTER(name=name[:80], known=self._inventory.datacenter))

    def _storage(self, name: str) -> str:
        found = next((each.id for each in self._inventory.datastores if each.name == name), None)
        if found is None:
            raise RequestRefused(404, messages.NO_DATASTORE(name=name[:80]))
        return found


def with_session(request: Request) -> Request:
    """The request, with its session of the Web Services where other clients send theirs."""
    token = cookie(request, _COOKIE)
    if token is not None and _HEADER not in request.headers:
        request.headers = {**request.headers, _HEADER: token}
    return request
