"""Serves published libraries under `/cls/vcsp/lib/` to authorized subscribers.

    /cls/vcsp/lib/LIBRARY             lib.json, also under that name
    /cls/vcsp/lib/LIBRARY/items.json
    /cls/vcsp/lib/LIBRARY/ITEM/item.json
    /cls/vcsp/lib/LIBRARY/ITEM/FILE   the content of a file

With a trailing slash, or for a browser, each directory is a page with links to its content.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from urllib.parse import unquote

from contentlib.access.guessing import Attempt, GuardedPasswords
from contentlib.http.conditions import failed_precondition
from contentlib.http.failures import RETRY, ServerFailed
from contentlib.http.files import FileContent, file_answer
from contentlib.http.message import Answer, Request, Response, method_not_allowed, refusal
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.errors import Damaged, Unavailable
from contentlib.library.model import Authentication, Library
from contentlib.library.names import PASSWORD_LENGTH
from contentlib.vapi.errors import ServiceUnavailable
from contentlib.vcsp.publishing import messages
from contentlib.vcsp.publishing.indexes import is_wanted, page, with_slash
from contentlib.vcsp.publishing.shelf import Document, Shelf

PREFIX = "/cls/vcsp/lib/"
_ROOTS = ("/cls/vcsp", "/cls/vcsp/", "/cls/vcsp/lib", PREFIX)
_DOCUMENTS = ("lib.json", "items.json")
_METHODS = ("GET", "HEAD")
_USERS = ("vcsp", "")  # Cloud Director sends no name
_TYPES = {".ovf": "application/xml", ".mf": "text/plain", ".cert": "text/plain"}


class Publisher:
    """Serves published libraries."""

    def __init__(self, shelf: Shelf, blobs: Blobs, passwords: GuardedPasswords) -> None:
        self._shelf = shelf
        self._blobs = blobs
        self._passwords = passwords

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
        if not await self._admits(library, request):
            challenge = [("www-authenticate", 'Basic realm="content library"')]
            return refusal(401, messages.CREDENTIALS(), challenge)
        folder = request.path.endswith("/")
        wanted = is_wanted(request.headers.get("accept", ""), folder=folder)
        match rest:
            case [] if wanted:
                return await self._index(library) if folder else with_slash(request.path)
            case [item] if (folder or wanted) and item not in _DOCUMENTS:
                return await self._item_index(library, item) if folder else with_slash(request.path)
            case [] | ["lib.json"]:
                return _sent(request, self._shelf.lib(library))
            case ["items.json"]:
                return _sent(request, await self._shelf.items(library))
            case [item, "item.json"]:
                document = await self._shelf.item(library, item)
                return _no_item(library, item) if document is None else _sent(request, document)
            case [item, name]:
                return await self._file(request, library, item, name)
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

    async def _file(self, request: Request, library: Library, item: str, name: str) -> Answer:
        file = await self._shelf.file(library.id, item, name)
        if file is None:
            return refusal(404, messages.NO_FILE(item=item, library=library.id, name=name))
        blob = await self._blobs.check(file.blob, file.name)
        path, run = self._blobs.store.path(blob.storage, blob.id), self._blobs.on(blob.storage).run
        answer = file_answer(request, FileContent(path, blob.size, blob.sha256, blob.created, run), file.name)
        kind = _TYPES.get(name[name.rfind(".") :].lower())
        if kind is not None:
            answer.headers = [(key, kind if key == "content-type" else value) for key, value in answer.headers]
        return answer

    async def _admits(self, library: Library, request: Request) -> bool:
        """Whether the request has the password, if one is required."""
        hashed = library.publishing.password_hash
        if library.publishing.authentication is Authentication.NONE or hashed is None:
            return True
        name, password = _basic(request.headers.get("authorization", ""))
        if name is None or password is None or name.lower() not in _USERS or len(password) > PASSWORD_LENGTH:
            return False
        return await self._passwords.verify(Attempt(library.id, request.client, request.gone), hashed, password)


def _steps(path: str) -> list[str]:
    """Returns the decoded path segments below the prefix, without an empty last one."""
    steps = [unquote(step) for step in path.removeprefix(PREFIX).split("/")]
    return steps[:-1] if len(steps) > 1 and not steps[-1] else steps


def _no_item(library: Library, item: str) -> Response:
    return refusal(404, messages.NO_ITEM(library=library.id, item=item))


def _basic(header: str) -> tuple[str | None, str | None]:
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None, None
    return (name, password) if colon else (None, None)


def _sent(request: Request, document: Document) -> Response:
    headers = [("etag", document.tag), ("cache-control", "no-cache")]
    if failed_precondition({"if-none-match": request.headers.get("if-none-match", "")}, document.tag, 0) == 304:
        return Response(304, headers=headers)
    return Response(200, document.body, "application/json", headers)
