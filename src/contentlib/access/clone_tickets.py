"""Issues tickets by which another connection gets a login session of the same user, once and within a minute.

Tickets are kept by their hash, with the client tokens. A session that a ticket starts has the rights of the first one.
"""

from __future__ import annotations

import hashlib
import secrets

from contentlib.access import messages
from contentlib.access.logins import Logins
from contentlib.library.clock import Clock
from contentlib.library.model import Login, Token
from contentlib.library.ports import MetadataStore, Transaction

_LIFETIME = 60_000
_BYTES = 32
_ISSUED, _USED = "vim25.AcquireCloneTicket", "vim25.CloneSession"


class CloneTickets:
    """Issues and redeems tickets."""

    def __init__(self, metadata: MetadataStore, logins: Logins, clock: Clock) -> None:
        self._metadata = metadata
        self._logins = logins
        self._clock = clock

    async def issue(self, login: Login) -> str:
        """A new ticket for a session."""
        ticket, until = f"cst-{secrets.token_hex(_BYTES)}", self._clock.now() + _LIFETIME
        async with self._metadata.transaction(durable=False) as transaction:
            await transaction.tokens.add(_row(_ISSUED, ticket), f"{until} {login.token_hash}", until)
        return ticket

    async def redeem(self, ticket: str, client: str = "") -> str:
        """The token of a new session. Raises Unauthenticated if the ticket is not valid, or its session has ended."""
        async with self._metadata.transaction(durable=False) as transaction:
            login = await self._use(transaction, ticket)
        if login is None:
            raise self._logins.refused(messages.NO_TICKET())
        return await self._logins.start_beside(login, client)

    async def _use(self, transaction: Transaction, ticket: str) -> str | None:
        """Marks a ticket as used. Returns its login session, or None if the ticket cannot be used, or not any more."""
        found, used = await transaction.tokens.find(_row(_ISSUED, ticket)), _row(_USED, ticket)
        until, _, login = (found or "0").partition(" ")
        if int(until) <= self._clock.now() or await transaction.tokens.find(used) is not None:
            return None
        await transaction.tokens.add(used, login, int(until))
        return login


def _row(operation: str, ticket: str) -> Token:
    return Token("", operation, hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest())
