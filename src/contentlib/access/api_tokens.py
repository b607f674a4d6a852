"""Manages API tokens: named secrets that replace a user's password, with the same or fewer privileges.

A token is `clt_`, 32 random letters and digits, and 6 that are the checksum of those: scanners for secrets recognise it.
Only its hash is kept.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from contentlib.access import messages
from contentlib.access.own_roles import known_role
from contentlib.access.users import find_user
from contentlib.library.clock import Clock
from contentlib.library.errors import InUse, Invalid, Missing
from contentlib.library.messages import NOT_IN_FUTURE
from contentlib.library.model import User
from contentlib.library.names import check_name
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.principals import ApiToken, LastUse
from contentlib.library.secret_forms import SecretForm
from contentlib.library.secret_forms import hash_of as hash_of

PREFIX = "clt_"
_FORM = SecretForm(PREFIX, 32)
_ID_DIGITS = 32
_MOST_USES = 20_000
_MOST_OF_USER = 1000
KIND = "API token"


def new_secret() -> str:
    """A new token."""
    return _FORM.new()


def is_secret(text: str) -> bool:
    """Whether a text has the form of a token, with the right checksum."""
    return _FORM.text(text) is not None


def token_id(hashed: str) -> str:
    """What a token is called; nothing that leads to it."""
    return hashlib.sha256(hashed.encode()).hexdigest()[:_ID_DIGITS]


class NewApiToken(msgspec.Struct, frozen=True):
    """What is said of a token to be made; `expires` is a time in milliseconds since 1970 UTC, None is never."""

    name: str
    expires: int | None = None
    role: str | None = None
    libraries: tuple[str, ...] | None = None


class ApiTokens:
    """The operations on tokens. When they and their users were last seen is noted, until `save` writes it down."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock
        self._uses: dict[str, LastUse] = {}

    async def find(self, secret: str) -> tuple[User, ApiToken] | None:
        """A token that is not over, and its user, who is enabled; or None."""
        if not is_secret(secret):
            return None
        hashed = hash_of(secret)
        async with self._metadata.reading() as transaction:
            token = await transaction.api_tokens.get(token_id(hashed))
            if token is None or not hmac.compare_digest(token.hash, hashed) or self._is_over(token):
                return None
            user = await transaction.users.get(token.user)
        return None if user is None or not user.enabled else (user, token)

    def _is_over(self, token: ApiToken) -> bool:
        return token.expires is not None and token.expires <= self._clock.now()

    async def issue(self, user: str, new: NewApiToken) -> tuple[str, str]:
        """Creates a token for a user. Returns its identifier and its secret, which is not kept."""
        secret = new_secret()
        hashed, now = hash_of(secret), self._clock.now()
        name = check_name("spec.name", new.name)
        if new.expires is not None and new.expires <= now:
            raise Invalid(NOT_IN_FUTURE(field="spec.expires"))
        async with self._metadata.transaction(durable=True) as transaction:
            owner = (await find_user(transaction, user)).folded_name
            role = None if new.role is None else (await known_role(transaction, new.role)).folded_name
            if len(await transaction.api_tokens.all(owner)) >= _MOST_OF_USER:
                raise InUse(messages.TOO_MANY_TOKENS(user=user, most=_MOST_OF_USER))
            made = ApiToken(token_id(hashed), hashed, owner, name, now, new.expires, role, new.libraries)
            await transaction.api_tokens.add(made)
        return made.id, secret

    async def all(self, user: str | None = None) -> list[ApiToken]:
        """All tokens, or those of a user, in order of creation."""
        async with self._metadata.reading() as transaction:
            return await transaction.api_tokens.all(None if user is None else (await find_user(transaction, user)).folded_name)

    async def get(self, identifier: str) -> ApiToken:
        """A token."""
        async with self._metadata.reading() as transaction:
            return await _find(transaction, identifier)

    async def last_use(self, identifier: str) -> LastUse | None:
        """When a token or a principal was last seen; by another process, when that has written it down."""
        async with self._metadata.reading() as transaction:
            kept = await transaction.last_uses.get(identifier)
        return self._uses.get(identifier, kept)

    async def remove(self, identifier: str) -> None:
        """Removes a token, and ends the sessions that it started."""
        async with self._metadata.transaction(durable=True) as transaction:
            token = await _find(transaction, identifier)
            await transaction.api_tokens.remove(identifier)
            await transaction.last_uses.forget([identifier])
            user = await transaction.users.get(token.user)
            if user is not None:
                await transaction.logins.end(user.name, api_token=identifier)

    def note(self, identifier: str, address: str) -> None:
        """A principal or token was used from an address."""
        if identifier in self._uses or len(self._uses) < _MOST_USES:
            self._uses[identifier] = LastUse(identifier, self._clock.now(), address)

    async def save(self) -> None:
        """Writes down what was noted since the last time; what cannot be written now is tried again."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            async with self._metadata.transaction(durable=False) as transaction:
                for each in uses.values():
                    await transaction.last_uses.note(each)
        except OSError:
            self._uses = uses | self._uses
            raise


async def _find(transaction: Transaction, identifier: str) -> ApiToken:
    token = await transaction.api_tokens.get(identifier)
    if token is None:
        raise Missing(KIND, identifier)
    return token
