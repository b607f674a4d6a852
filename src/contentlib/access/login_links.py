"""Issues links by which the administrator logs in to the console without a password: once, and within minutes.

The secret of a link is `cll_`, 43 random letters and digits, and a checksum. Only its hash is kept. A new link replaces
those of before; a new password, and the end of the user, remove them.
"""

from __future__ import annotations

import hashlib
import hmac

from contentlib.access import messages
from contentlib.access.logins import Logins
from contentlib.access.users import find_user
from contentlib.library.actors import act_as
from contentlib.library.clock import Clock
from contentlib.library.errors import Unsupported
from contentlib.library.model import User
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.principals import LoginLink
from contentlib.library.secret_forms import SecretForm, hash_of

LIFETIME_MINUTES = 15
_LIFETIME = LIFETIME_MINUTES * 60_000
_AHEAD = 60_000  # how far the clock of the command may be ahead of the server's
_FORM = SecretForm("cll_", 43)
_ID_DIGITS = 32


async def issue(metadata: MetadataStore, clock: Clock, name: str) -> str:
    """The secret of a new link for a user. Raises Missing for an unknown user, Unsupported for a disabled one."""
    secret = _FORM.new()
    hashed, expires = hash_of(secret), clock.now() + _LIFETIME
    async with metadata.transaction(durable=True) as transaction:
        user = await find_user(transaction, name)
        if not user.enabled:
            raise Unsupported(messages.DISABLED_FOR_LINK(name=user.name))
        await transaction.login_links.remove_of(user.folded_name)
        await transaction.login_links.add(LoginLink(_id(hashed), hashed, user.folded_name, expires))
    return secret


class LoginLinks:
    """Redeems links."""

    def __init__(self, metadata: MetadataStore, logins: Logins, clock: Clock) -> None:
        self._metadata = metadata
        self._logins = logins
        self._clock = clock

    async def redeem(self, secret: str, client: str = "") -> str:
        """The token of a new session. Raises Unauthenticated if the link does not exist, has expired or was used before.

        A link is spent before its session begins. Writers take turns, so of several callers only one spends it.
        """
        user = await self._owner(secret)
        if user is not None:
            act_as(user.name)
            async with self._metadata.transaction(durable=True) as transaction:
                user = await self._found(transaction, secret)
                if user is not None:
                    await transaction.login_links.remove_of(user.folded_name)
        if user is None:
            raise self._logins.refused(messages.NO_LINK())
        return await self._logins.start_admitted(user, client)

    async def _owner(self, secret: str) -> User | None:
        """Whose link it is, found without a turn of a writer, so that guesses cost little."""
        if _FORM.text(secret) is None:
            return None
        async with self._metadata.reading() as transaction:
            return await self._found(transaction, secret)

    async def _found(self, transaction: Transaction, secret: str) -> User | None:
        hashed = hash_of(secret)
        link = await transaction.login_links.get(_id(hashed))
        if link is None or not hmac.compare_digest(link.hash, hashed):
            return None
        if not 0 < link.expires - self._clock.now() <= _LIFETIME + _AHEAD:
            return None
        user = await transaction.users.get(link.user)
        return user if user is not None and user.enabled else None


def _id(hashed: str) -> str:
    """What a link is called in the audit log; nothing that leads to it."""
    return hashlib.sha256(hashed.encode()).hexdigest()[:_ID_DIGITS]
