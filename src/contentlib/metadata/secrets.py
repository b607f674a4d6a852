"""Defines the statements on encrypted secrets, which are parts of rows of other kinds."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace
from sqlalchemy import bindparam, select, update

from contentlib.library.model import SIGNING_KEY, SealedSecret, SecretPurpose, SecretUse, Subscription
from contentlib.metadata import tables
from contentlib.metadata.rows import encode
from contentlib.metadata.statement import Connection, Statement

_TABLE = tables.libraries
_SUBSCRIBED = select(_TABLE.c.id, _TABLE.c.subscription).where(_TABLE.c.subscription.is_not(None))
_AFTER = Statement(_SUBSCRIBED.where(_TABLE.c.id > bindparam("after")).order_by(_TABLE.c.id).limit(bindparam("most")))
_ONE = Statement(_SUBSCRIBED.where(_TABLE.c.id == bindparam("key")))
_PUT = Statement(update(_TABLE).where(_TABLE.c.id == bindparam("key")).values(subscription=bindparam("subscription")))
_SIGNING_KEY = Statement(select(tables.state.c.value).where(tables.state.c.key == SIGNING_KEY))
_PUT_SIGNING_KEY = Statement(update(tables.state).where(tables.state.c.key == SIGNING_KEY).values(value=bindparam("seal")))
_OF_SIGNING_KEY = SecretUse(SecretPurpose.SIGNING_KEY, SIGNING_KEY)
_DECODER = msgspec.json.Decoder(Subscription)


class SecretRows:
    """Encrypted secrets: the passwords of subscriptions, also those of deleted libraries, and the signing key.

    The owner of the signing key follows the identifiers of all libraries, which are hexadecimal.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, after: str, most: int) -> list[SealedSecret]:
        """Some of the secrets."""
        found: list[SealedSecret] = []
        while len(found) < most and (rows := await self._connection.rows(_AFTER, {"after": after, "most": most})):
            after = rows[-1][0]
            found += [_secret(*row) for row in rows if _DECODER.decode(row[1]).password]
        if len(found) < most and after < SIGNING_KEY:
            found += [SealedSecret(_OF_SIGNING_KEY, row[0]) for row in await self._connection.rows(_SIGNING_KEY, {})]
        return found[:most]

    async def put(self, secret: SealedSecret) -> None:
        """Replaces the seal of a secret."""
        if secret.use == _OF_SIGNING_KEY:
            await self._connection.run(_PUT_SIGNING_KEY, {"seal": secret.seal})
            return
        row = await self._connection.row(_ONE, {"key": secret.use.owner})
        subscription = None if row is None else _DECODER.decode(row[1])
        if subscription is not None and subscription.password:
            changed = encode(replace(subscription, password=secret.seal))
            await self._connection.run(_PUT, {"key": secret.use.owner, "subscription": changed})


def _secret(library: str, subscription: str) -> SealedSecret:
    seal = _DECODER.decode(subscription).password or ""
    return SealedSecret(SecretUse(SecretPurpose.SUBSCRIPTION, library), seal)
