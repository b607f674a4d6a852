"""Checks who may read and send bytes, with the gate of all calls, for every request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from contentlib.access.gate import AccessGate
from contentlib.access.roles import DOWNLOADING, UPLOADING
from contentlib.access.scopes import DOWNLOAD_SESSION, ITEM, UPDATE_SESSION
from contentlib.http.message import Request
from contentlib.library.model import Need
from contentlib.transfer.addresses import DataAddress
from contentlib.vapi.registry import Call

_NEEDED = {"upload": (UPDATE_SESSION, UPLOADING), "download": (DOWNLOAD_SESSION, DOWNLOADING)}


class Permits(Protocol):
    """Says who may go on, and raises where they may not."""

    async def admit(self, request: Request, item: str) -> str:
        """The user, where the caller of a request may download an item; else Unauthenticated, Unauthorized or Missing."""

    async def keep(self, address: DataAddress) -> None:
        """Returns where the user of a session may still do what the address is for; Unauthorized where that was taken away."""


class GatePermits:
    """Asks the gate; `call_of` makes a call of a request."""

    def __init__(self, gate: AccessGate, call_of: Callable[[Request], Call]) -> None:
        self._gate = gate
        self._call_of = call_of

    async def admit(self, request: Request, item: str) -> str:
        """Asks for a login session or an API token, and for the privilege to download."""
        call = self._call_of(request)
        call.operation = "transfer.static"
        await self._gate.authenticate(call)
        await self._gate.demand(call, Need(DOWNLOADING, ITEM, item), "the content of a library item")
        return call.user

    async def keep(self, address: DataAddress) -> None:
        """Asks for the privilege that the session was created with; the address itself tells that its holder was let in."""
        kind, privilege = _NEEDED[address.kind]
        await self._gate.keep(Need(privilege, kind, address.session), address.kind)
