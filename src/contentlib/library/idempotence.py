"""Makes creation idempotent: the same client token of a user for an operation returns the same identifier."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from contentlib.library import messages
from contentlib.library.clock import Clock
from contentlib.library.errors import Invalid
from contentlib.library.model import Token
from contentlib.library.ports import MetadataStore, Transaction

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def check_token(user: str, operation: str, value: str | None) -> Token | None:
    """The token that a client gave, or None; Invalid when it is not a UUID."""
    if value is None:
        return None
    if not _UUID.fullmatch(value):
        raise Invalid(messages.NOT_A_UUID(field="client_token", given=value[:80]))
    return Token(user, operation, value.lower())


async def once(
    metadata: MetadataStore,
    clock: Clock,
    token: Token | None,
    create: Callable[[Transaction], Awaitable[str]],
    *,
    durable: bool = True,
) -> str:
    """The identifier that `create` made for this token, now or earlier; token and thing are committed together."""
    async with metadata.transaction(durable=durable) as transaction:
        if token is None:
            return await create(transaction)
        known = await transaction.tokens.find(token)
        if known is not None:
            return known
        identifier = await create(transaction)
        await transaction.tokens.add(token, identifier, clock.now())
        return identifier
