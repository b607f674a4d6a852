"""Serves published libraries under `/cls/vcsp/lib/` to authorized subscribers.

    /cls/vcsp/lib/LIBRARY             lib.json, also under that name
    /cls/vcsp/lib/LIBRARY/items.json
    /cls/vcsp/lib/LIBRARY/ITEM/item.json
    /cls/vcsp/lib/LIBRARY/ITEM/FILE   the content of a file

With a trailing slash, or for a browser, each directory is a page with links to its content.
"""

from __future__ import annotations

import asyncio
from functools import partial
from urllib.parse import unquote

from contentlib.access.begun import OnDownload, unlogged
from contentlib.access.refusals import OnRefusal, unnoticed
from contentlib.http.conditions import failed_precondition
from contentlib.http.failures import RETRY, ServerFailed
from contentlib.http.files import BINARY, FileContent, file_answer
from contentlib.http.message import Answer, Request, Response, method_not_allowed, refusal
from contentlib.library.actors import set_actor
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.errors import Damaged, Unavailable
from contentlib.library.following.contacts import Contacts, Visitor
from contentlib.library.model import Actor, AuditThing, Library
from contentlib.vapi.errors import ServiceUnavailable
from contentlib.vcsp.publishing import messages
from contentlib.vcsp.publishing.admission import Admission
from contentlib.vcsp.publishing.indexes import is_wanted, page, with_slash
from contentlib.vcsp.publishing.shelf import Document, Shelf

PREFIX = "/cls/vcsp/lib/"
_ROOTS = ("/cls/vcsp", "/cls/vcsp/", "/cls/vcsp/lib", PREFIX)
_DOCUMENTS = ("lib.json", "items.json")
_METHODS = ("GET", "HEAD")
_READ = (200, 206, 302, 304)
_TYPES = {".ovf": "application/xml", ".mf": "text/plain", ".cert": "text/plain"}


class Publisher:
    """Serves published libraries."""

    def __init__(
        self,
        shelf: Shelf,
        blobs: Blobs,
        admission: Admission,
        contacts: Contacts,
        refused: OnRefusal = unnoticed,
        begun: OnDownload = unlogged,
    ) -> None:
        self._shelf = shelf
        self._refused = refused
        self._begun = begun
        self._blobs = blobs
        self._admission = admission
        self._contacts = contacts

    def speaks(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return path.startswith(PREFIX) or path in _ROOTS

    async def handle(self, request: Request) -> Answer:
        """The answer to a request; raises Disconnected, and why the server failed."""
        if request.method not in _METHODS:
            return method_not_allowed(request.method, _METHODS)
        try:
            return await self._answer(request)
        except ServiceUnavailable as error:
            return refusal(503, error.fault, [("retry-after", str(error.retry_after or 1))])
        except Unavailable as error:
            raise ServerFailed(503, error.fault, RETRY) from error
        except Damaged as error:
            raise ServerFailed(500, error.fault) from error

    async def _answer(self, request: Request) -> Answer:
        if request.path in _ROOTS:
            return await self._root(request.path)
        library_id, *rest = _steps(request.path)
        library = await self._shelf.library(library_id)
        if library is None:
            return refusal(404, messages.NO_LIBRARY(library=library_id))
        set_actor(partial(_reader, request, library.id))
        visitor = await self._admission.visitor(library, request)
        if isinstance(visitor, Visitor):
            return await self._told(request, library, rest, visitor)
        if "authorization" in request.headers:  # clients first ask without, to learn that it is needed
            await self._refused("unauthenticated")
        return refusal(401, visitor, [("www-authenticate", 'Basic realm="content library"')])

    async def _told(self, request: Request, library: Library, rest: list[str], visitor: Visitor) -> Answer:
        folder = request.path.endswith("/")
        wanted = is_wanted(request.headers.get("accept", ""), folder=folder)
        match rest:
            case [] if wanted:
                return await self._index(library) if folder else with_slash(request.path)
            case [item] if (folder or wanted) and item not in _DOCUMENTS:
                return await self._item_index(library, item) if folder else with_slash(request.path)
            case [] | ["lib.json"]:
                self._contacts.note(visitor, told=library.revision)
                return _sent(request, self._shelf.lib(library))
            case ["items.json"]:
                return await self._items(request, library, visitor)
            case [item, "item.json"]:
                self._contacts.note(visitor)
                document = await self._shelf.item(library, item)
                return _no_item(library, item) if document is None else _sent(request, document)
            case [item, name]:
                return await self._file(request, visitor, item, name)
        return refusal(404, messages.NO_DOCUMENT(library=library.id, path="/".join(rest)[:200]))

    # pages

    async def _root(self, path: str) -> Answer:
        if not path.endswith("/"):
            return with_slash(path)
        if path != PREFIX:
            return page("Subscriptions", [("lib/", "Published libraries")])
        found = await self._shelf.open_libraries()
        return page("Published libraries without a password", [(f"{each.id}/", each.name) for each in found])

    async def _index(self, library: Library) -> Answer:
        names = await self._shelf.names(library)
        links = [(each, each) for each in _DOCUMENTS]
        return await asyncio.to_thread(page, library.name, [*links, *((f"{item_id}/", name) for item_id, name in names)])

    async def _item_index(self, library: Library, item_id: str) -> Answer:
        found = await self._shelf.found(library.id, item_id)
        if found is None:
            return _no_item(library, item_id)
        item, version = found
        return page(item.name, [(name, name) for name in ("item.json", *(file.name for file in version.files))])

    async def _items(self, request: Request, library: Library, visitor: Visitor) -> Response:
        listing = await self._shelf.listing(library)
        revision = listing.library.revision
        read = request.method == "GET"
        self._contacts.note(visitor, told=revision if read else None, listed=revision if read else None)
        return _sent(request, listing.document)

    async def _file(self, request: Request, visitor: Visitor, item: str, name: str) -> Answer:
        found = await self._shelf.found(visitor.library, item)
        file = None if found is None else found[1].file(name)
        if found is None or file is None:
            return refusal(404, messages.NO_FILE(item=item, library=visitor.library, name=name))
        blob = await self._blobs.check(file.blob, file.name)
        if request.method == "GET":
            await self._begun(AuditThing("library item", item, "", visitor.library), AuditThing("file", "", name))
        path, run, pieces = self._blobs.path(blob), self._blobs.on(blob.storage).run, partial(self._blobs.pieces, blob)
        link, kind = partial(self._blobs.link, blob, name), _TYPES.get(name[name.rfind(".") :].lower(), BINARY)
        content = FileContent(path, blob.size, blob.sha256, blob.created, run, pieces, link, kind)
        answer = await file_answer(request, content, file.name)
        if request.method == "GET" and answer.status in _READ:
            self._contacts.note_file(visitor, item, found[0].content_version)
        return answer


def _reader(request: Request, library: str) -> Actor:
    """The reader of a published library."""
    things = (("library", library),)
    return Actor(address=request.client, operation="vcsp.read", request=request.request_id, things=things)


def _steps(path: str) -> list[str]:
    """Returns the decoded path segments below the prefix, without an empty last one."""
    steps = [unquote(step) for step in path.removeprefix(PREFIX).split("/")]
    return steps[:-1] if len(steps) > 1 and not steps[-1] else steps


def _no_item(library: Library, item: str) -> Response:
    return refusal(404, messages.NO_ITEM(library=library.id, item=item))


def _sent(request: Request, document: Document) -> Response:
    headers = [("etag", document.tag), ("cache-control", "no-cache")]
    if failed_precondition({"if-none-match": request.headers.get("if-none-match", "")}, document.tag, 0) == 304:
        return Response(304, headers=headers)
    return Response(200, document.body, "application/json", headers)
