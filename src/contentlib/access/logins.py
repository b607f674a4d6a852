"""Creates login sessions from passwords and finds users by their tokens.

A token is 256 random bits. Only its hash is stored, so a copy of the database contains no usable tokens. Inside the server, the
hash identifies the login session.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from contentlib.access import messages
from contentlib.access.api_tokens import PREFIX, ApiTokens
from contentlib.access.bearers import BearerCaller, BearerTokens, NoBearerTokens
from contentlib.access.directories import Directories, NoDirectories
from contentlib.access.generation_cache import GenerationCache
from contentlib.access.guessing import Attempt, GuardedPasswords
from contentlib.access.names import UserNames
from contentlib.access.recent import Digests
from contentlib.http.message import Gone, never
from contentlib.library.actors import act_as
from contentlib.library.clock import Clock
from contentlib.library.leases import Leases
from contentlib.library.model import Login, User
from contentlib.library.names import PASSWORD_LENGTH, fold
from contentlib.library.ports import AccessStore, Transaction
from contentlib.library.principals import ApiToken, user_key
from contentlib.messages import Fault
from contentlib.vapi.errors import Unauthenticated

_TOKEN_BYTES = 32
_CACHED = 20_000
_SHOWN_DIGITS = 8


@dataclass(frozen=True, slots=True)
class LoginRules:
    """Rules for login sessions. `idle` is the time in milliseconds after which an unused session ends.

    A user has at most `most` sessions. Another login ends the least recently used one, so that scripts that never log out do
    not lock out their user. `challenge` tells clients how to log in; `decoy` is the hash that a password is compared with if
    the user does not exist; `names` reads user names; `directories` check the passwords of their users; `bearers` authenticates
    tokens of identity providers; names of unknown users are recorded as digests with `secret`.
    """

    idle: int
    most: int
    challenge: str
    decoy: str
    names: UserNames
    directories: Directories = field(default_factory=NoDirectories)
    bearers: BearerTokens = field(default_factory=NoBearerTokens)
    secret: bytes | None = None


class Logins:
    """Starts, finds and ends login sessions."""

    def __init__(
        self,
        metadata: AccessStore,
        passwords: GuardedPasswords,
        api_tokens: ApiTokens,
        leases: Leases,
        clock: Clock,
        rules: LoginRules,
    ) -> None:
        self._metadata = metadata
        self._sessions: GenerationCache[str, Login] = GenerationCache(metadata.login_generation, _CACHED)
        self._passwords = passwords
        self._api_tokens = api_tokens
        self._names = rules.names
        self._leases = leases
        self._clock = clock
        self._rules = rules
        self._digests = Digests(rules.secret)

    async def start(
        self, credentials: tuple[str, str] | None, client: str = "", gone: Gone | None = None, bearer: str | None = None
    ) -> str:
        """The token of a new session for a client at an address; unauthenticated where name or password are wrong.

        An API token does in place of the password, or as `bearer` in place of both.
        ServiceUnavailable where too many passwords are tried, Disconnected when the client goes away before it is answered.
        """
        if credentials is None:
            if bearer is None:
                raise self.refused(messages.NO_CREDENTIALS())
            if bearer.startswith(PREFIX):
                return await self._add(*await self._owner(bearer), client)
            caller = await self._bearer(bearer)
            return await (self._keep(caller.name) if caller.user is None else self._add(caller.user, None, client))
        return await self._add(*await self.identify(credentials, client, gone), client)

    async def identify(
        self, credentials: tuple[str, str], client: str = "", gone: Gone | None = None
    ) -> tuple[User, ApiToken | None]:
        """The user of a name and a password, and the API token that was given in place of the password. Raises as `start`."""
        name, password = credentials
        act_as(self._unknown(name))
        names = self._rules.directories.meant(self._names.meant(name))
        if not names or len(password) > PASSWORD_LENGTH:
            raise self._wrong()
        found = await self._api_tokens.find(password)
        if found is not None and found[1].user in map(fold, names):
            act_as(found[0].name, token=found[1].id)
            return found
        user = await self._verified(names, Attempt(self._names.key(name), client, gone or never), password)
        act_as(user.name)
        return user, None

    async def start_admitted(
        self, user: User, client: str = "", api_token: ApiToken | None = None, provider_session: str | None = None
    ) -> str:
        """The token of a new session of a user who was authenticated before: by an identity provider, or by `identify`.

        It ends with the session at the provider, if that is known.
        """
        return await self._add(user, api_token, client, provider_session)

    async def start_beside(self, login: str, client: str = "") -> str:
        """The token of a new session of the same user as another session, with its rights. That is named by its hash."""
        token = secrets.token_hex(_TOKEN_BYTES)
        async with self._metadata.transaction(durable=False) as transaction:
            stored = await transaction.logins.get(login)
            found = None if stored is None else self._as_of_now(stored)
            if found is None:
                raise self.refused(messages.UNKNOWN_SESSION())
            act_as(found.user, _hash(token), found.api_token or "")
            await self._put(transaction, token, found.user, found.api_token, found.provider_session)
        self._api_tokens.note(found.api_token or user_key(fold(found.user)), client)
        return token

    async def _verified(self, names: tuple[str, ...], attempt: Attempt, password: str) -> User:
        user = await self._find(names)
        if user is not None:
            act_as(user.name)
        if self._rules.directories.serves(names, user):
            found = await self._rules.directories.verified(names, user, attempt, password)
            if found is None:
                raise self._wrong()
            return found
        # an unknown name costs the same time as that of a user who is disabled or has no password
        hashed = user.password_hash if user is not None and user.enabled and user.source is None else ""
        if not await self._passwords.verify(attempt, hashed or self._rules.decoy, password) or user is None or not hashed:
            raise self._wrong()
        return user

    async def caller(self, token: str | None, bearer: str | None, client: str = "") -> Login:
        """Who calls, by the token of a session or else by an API token; unauthenticated where neither is good."""
        if token or not bearer:
            return await self.find(token)
        if not bearer.startswith(PREFIX):
            return await self._outsider(bearer, client)
        user, found = await self._owner(bearer)
        self._api_tokens.note(found.id, client)
        return Login(found.id, user.name, found.created, self._clock.now(), found.id)

    async def _outsider(self, bearer: str, client: str) -> Login:
        caller, now = await self._bearer(bearer), self._clock.now()
        self._api_tokens.note(caller.name if caller.user is None else user_key(caller.user.folded_name), client)
        return Login(caller.id, caller.name, now, now)

    async def _bearer(self, bearer: str) -> BearerCaller:
        found = await self._rules.bearers.caller(bearer)
        if found is None:
            raise self.refused(messages.NO_TOKEN())
        return found

    async def _owner(self, bearer: str) -> tuple[User, ApiToken]:
        found = await self._api_tokens.find(bearer)
        if found is None:
            raise self.refused(messages.NO_TOKEN())
        return found

    async def _find(self, names: tuple[str, ...]) -> User | None:
        async with self._metadata.reading() as transaction:
            for name in names:
                user = await transaction.users.get(name)
                if user is not None:
                    return user
        return None

    def _unknown(self, name: str) -> str:
        """What the audit log calls a name that no user has: people type passwords in its place."""
        return f"unknown:{self._digests.of(self._names.key(name)).hex()[:_SHOWN_DIGITS]}"

    def _wrong(self) -> Unauthenticated:
        return self.refused(messages.WRONG_PASSWORD())

    async def _add(self, user: User, api_token: ApiToken | None, client: str, provider_session: str | None = None) -> str:
        token, started_by = secrets.token_hex(_TOKEN_BYTES), None if api_token is None else api_token.id
        act_as(user.name, _hash(token), started_by or "")
        async with self._metadata.transaction(durable=False) as transaction:
            if not await _is_unchanged(transaction, user, api_token):
                act_as(user.name)
                raise self._wrong()
            await self._put(transaction, token, user.name, started_by, provider_session)
        self._api_tokens.note(started_by or user_key(user.folded_name), client)
        return token

    async def _keep(self, workload: str) -> str:
        token = secrets.token_hex(_TOKEN_BYTES)
        act_as(workload, _hash(token))
        async with self._metadata.transaction(durable=False) as transaction:
            await self._put(transaction, token, workload, None)
        return token

    async def _put(
        self, transaction: Transaction, token: str, user: str, started_by: str | None, provider_session: str | None = None
    ) -> None:
        now = self._clock.now()
        await transaction.logins.trim(user, self._rules.most - 1)
        await transaction.logins.add(Login(_hash(token), user, now, now, started_by, provider_session))

    def known(self, token: str | None) -> Login | None:
        """Touches the session of a token and returns it, if it was found before and nobody has changed a session since.

        Calls that `caller` would answer without reading anything, so that nearly all calls wait for nothing here.
        """
        stored = self._sessions.get(token) if token else None
        if stored is None or not self._leases.renew_login(stored.token_hash, stored.touched, self._rules.idle):
            return None
        return stored

    async def find(self, token: str | None) -> Login:
        """Finds the session of a token and touches it. Raises Unauthenticated if there is none or it has ended."""
        if not token:
            raise self.refused(messages.NO_SESSION())
        stored = self._sessions.get(token) or await self._sessions.fill(token, self._stored(token))
        if stored is None:
            raise self.refused(messages.UNKNOWN_SESSION())
        login = self._as_of_now(stored)
        if login is None:
            raise self.refused(messages.EXPIRED_SESSION(seconds=self._rules.idle // 1000))
        self._leases.touch_login(login.token_hash)
        return login

    async def _stored(self, token: str) -> Login | None:
        async with self._metadata.reading() as transaction:
            return await transaction.logins.get(_hash(token))

    async def all(self) -> list[Login]:
        """The sessions of all users, as of now, oldest first."""
        async with self._metadata.reading() as transaction:
            stored = await transaction.logins.all()
        return [login for each in stored if (login := self._as_of_now(each)) is not None]

    async def of(self, user: str) -> list[Login]:
        """The sessions of a user, as of now, oldest first."""
        async with self._metadata.reading() as transaction:
            stored = await transaction.logins.of(user)
        return [login for each in stored if (login := self._as_of_now(each)) is not None]

    def _as_of_now(self, login: Login) -> Login | None:
        """The session with its last touch; None where that was too long ago."""
        touched = self._leases.last_login(login.token_hash, login.touched)
        if touched + self._rules.idle < self._clock.now():
            return None
        return Login(login.token_hash, login.user, login.created, touched, login.api_token, login.provider_session)

    async def end(self, login: str) -> None:
        """Ends a session by the hash of its token."""
        async with self._metadata.transaction(durable=False) as transaction:
            await transaction.logins.remove(login)

    def refused(self, said: Fault) -> Unauthenticated:
        """Returns the error that asks for a login."""
        return Unauthenticated(said, challenge=self._rules.challenge)


async def _is_unchanged(transaction: Transaction, user: User, api_token: ApiToken | None) -> bool:
    """Whether what was checked still holds under the turn of the writer."""
    found = await transaction.users.get(user.folded_name)
    if found is None or not found.enabled:
        return False
    if api_token is None:
        return (found.password_hash, found.source, found.subject) == (user.password_hash, user.source, user.subject)
    return await transaction.api_tokens.get(api_token.id) is not None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
