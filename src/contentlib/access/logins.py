"""Creates login sessions from passwords and finds users by their tokens.

A token is 256 random bits. Only its hash is stored, so a copy of the database contains no usable tokens. Inside the server, the
hash identifies the login session.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from contentlib.access import messages
from contentlib.access.guessing import Attempt, GuardedPasswords
from contentlib.access.names import UserNames
from contentlib.http.message import Gone, never
from contentlib.library.clock import Clock
from contentlib.library.leases import Leases
from contentlib.library.model import Login, User
from contentlib.library.names import PASSWORD_LENGTH
from contentlib.library.ports import MetadataStore
from contentlib.messages import Fault
from contentlib.vapi.errors import Unauthenticated

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class LoginRules:
    """Rules for login sessions. `idle` is the time in milliseconds after which an unused session ends.

    A user has at most `most` sessions. Another login ends the least recently used one, so that scripts that never log out do
    not lock out their user. `challenge` tells clients how to log in; `decoy` is the hash that a password is compared with if
    the user does not exist.
    """

    idle: int
    most: int
    challenge: str
    decoy: str


class Logins:
    """Starts, finds and ends login sessions."""

    def __init__(
        self,
        metadata: MetadataStore,
        passwords: GuardedPasswords,
        names: UserNames,
        leases: Leases,
        clock: Clock,
        rules: LoginRules,
    ) -> None:
        self._metadata = metadata
        self._passwords = passwords
        self._names = names
        self._leases = leases
        self._clock = clock
        self._rules = rules

    async def start(self, credentials: tuple[str, str] | None, client: str = "", gone: Gone | None = None) -> str:
        """The token of a new session for a client at an address; unauthenticated where name or password are wrong.

        ServiceUnavailable where too many passwords are tried, Disconnected when the client goes away before it is answered.
        """
        if credentials is None:
            raise self.refused(messages.NO_CREDENTIALS())
        name, password = credentials
        names = self._names.meant(name)
        if not names or len(password) > PASSWORD_LENGTH:
            raise self._wrong()
        user = await self._find(names)
        # an unknown name takes the same time as a known one
        hashed = self._rules.decoy if user is None else user.password_hash
        attempt = Attempt(self._names.key(name), client, gone or never)
        if not await self._passwords.verify(attempt, hashed, password) or user is None:
            raise self._wrong()
        return await self._add(user.name)

    async def _find(self, names: tuple[str, ...]) -> User | None:
        async with self._metadata.reading() as transaction:
            for name in names:
                user = await transaction.users.get(name)
                if user is not None:
                    return user
        return None

    def _wrong(self) -> Unauthenticated:
        return self.refused(messages.WRONG_PASSWORD())

    async def _add(self, user: str) -> str:
        token = secrets.token_hex(_TOKEN_BYTES)
        now = self._clock.now()
        async with self._metadata.transaction(durable=False) as transaction:
            await transaction.logins.trim(user, self._rules.most - 1)
            await transaction.logins.add(Login(_hash(token), user, now, now))
        return token

    async def find(self, token: str | None) -> Login:
        """Finds the session of a token and touches it. Raises Unauthenticated if there is none or it has ended."""
        if not token:
            raise self.refused(messages.NO_SESSION())
        key = _hash(token)
        async with self._metadata.reading() as transaction:
            stored = await transaction.logins.get(key)
        if stored is None:
            raise self.refused(messages.UNKNOWN_SESSION())
        login = self._as_of_now(stored)
        if login is None:
            raise self.refused(messages.EXPIRED_SESSION(seconds=self._rules.idle // 1000))
        self._leases.touch_login(key)
        return login

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
        return Login(login.token_hash, login.user, login.created, touched)

    async def end(self, login: str) -> None:
        """Ends a session by the hash of its token."""
        async with self._metadata.transaction(durable=False) as transaction:
            await transaction.logins.remove(login)

    def refused(self, said: Fault) -> Unauthenticated:
        """Returns the error that asks for a login."""
        return Unauthenticated(said, challenge=self._rules.challenge)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
