"""Lets users of LDAP directories log in with their passwords."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from contentlib.access import messages
from contentlib.access.external import ExternalIdentity, ExternalUsers
from contentlib.access.guessing import Attempt, GuardedPasswords
from contentlib.access.ldap.attempts import Attempts
from contentlib.access.ldap.client import Conversation, DirectoryDown, DirectoryUser, LdapClient, Reason, UserRefused
from contentlib.access.ldap.pool import DirectoryThreads
from contentlib.access.recent import Digests, Recent
from contentlib.library.model import User
from contentlib.library.names import fold
from contentlib.settings.ldap import LdapProvider
from contentlib.vapi.errors import ServiceUnavailable, Unauthenticated

_REMEMBERED = 10_000
_RETRY_SECONDS = 5
_LOG = structlog.stdlib.get_logger(__name__)
_HEARD = {
    Reason.PASSWORD_EXPIRED: messages.DIRECTORY_PASSWORD_EXPIRED,
    Reason.LOCKED: messages.DIRECTORY_ACCOUNT_LOCKED,
    Reason.ACCOUNT_DISABLED: messages.DIRECTORY_ACCOUNT_DISABLED,
    Reason.NOT_NOW: messages.DIRECTORY_NOT_NOW,
}


class Directory:
    """One directory: asks it in threads, and remembers right passwords for a short time."""

    def __init__(self, provider: LdapProvider, workers: int = 1, now: Callable[[], float] = time.monotonic) -> None:
        self.provider = provider
        self._client = LdapClient(provider)
        self._threads = DirectoryThreads(provider.name, provider.timeout_seconds)
        self._now = now
        self._attempts = Attempts(max(provider.wrong_passwords // workers, 1), provider.wrong_passwords_seconds, now)
        self._digests = Digests()
        self._right: Recent[tuple[bytes, DirectoryUser]] = Recent(_REMEMBERED, provider.remember_seconds)

    async def ask(self, login: str, password: str, *, stranger: bool) -> DirectoryUser:
        """The user of a name and a password. Raises UserRefused, DirectoryDown or ServiceUnavailable."""
        known = self._right.get(self._digests.of(fold(login)), self._now())
        if known is not None and hmac.compare_digest(known[0], self._digests.of(password)):
            return known[1]
        self._attempts.check(fold(login), stranger=stranger)
        found = await self._threads.run(partial(self._authenticate, login, password, stranger))
        if self.provider.remember_seconds:
            self._right.note(self._digests.of(fold(login)), (self._digests.of(password), found), self._now())
        return found

    def forget(self, login: str) -> None:
        """Forgets a right password."""
        self._right.forget(self._digests.of(fold(login)))

    def _authenticate(self, login: str, password: str, stranger: bool, conversation: Conversation) -> DirectoryUser:
        """Asks the directory, in a thread. The password counts as wrong from the moment at which it is sent."""
        names = [fold(login)]
        self._attempts.begin(names[0], stranger=stranger)

        def permit(name: str) -> None:
            self._attempts.begin(name, stranger=stranger)
            names.append(name)

        try:
            found = self._client.authenticate(login, password, permit, conversation)
        except UserRefused as error:
            if error.reason not in (Reason.WRONG, Reason.LOCKED):
                self._forget_attempts(names, stranger, all=True)
            raise
        except BaseException:
            self._forget_attempts(names, stranger, all=False)
            raise
        self._forget_attempts(names, stranger, all=True)
        return found

    def _forget_attempts(self, names: list[str], stranger: bool, *, all: bool) -> None:
        for each in names:
            self._attempts.forget(each, stranger=stranger, all=all)


class LdapDirectories:
    """The directories of the settings."""

    def __init__(self, directories: Sequence[Directory], passwords: GuardedPasswords, users: ExternalUsers) -> None:
        self._by_domain = {domain.lower(): each for each in directories for domain in each.provider.domains}
        self._by_source = {each.provider.source: each for each in directories}
        self._passwords = passwords
        self._users = users

    def meant(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names that may be meant, with the name here of a user of a directory."""
        found = self._find(names)
        return names if found is None else tuple(dict.fromkeys([*names, _name(*found)]))

    def serves(self, names: tuple[str, ...], user: User | None) -> bool:
        """Whether a directory checks the password: that of its own user, or of a name in its domains that no other user has."""
        if user is not None:
            return user.enabled and user.source in self._by_source
        return self._find(names) is not None

    async def verified(self, names: tuple[str, ...], user: User | None, attempt: Attempt, password: str) -> User | None:
        """The user, whom the directory has authenticated."""
        found = self._find(names) if user is None else (self._by_source[str(user.source)], user.name.rpartition("@")[0])
        if found is None or not password or not _is_text(password):
            return None
        directory, login = found
        answers: list[DirectoryUser] = []

        async def check(*, stranger: bool, begun: Callable[[], None]) -> bool:
            begun()
            answer = await self._ask(directory, login, password, stranger=stranger)
            answers.extend([] if answer is None else [answer])
            return answer is not None

        guarded = Attempt(fold(_name(directory, login)), attempt.address, attempt.gone)
        if not await self._passwords.guard(guarded, check):
            return None
        return await self._admit(directory, login, answers[-1])

    async def _ask(self, directory: Directory, login: str, password: str, *, stranger: bool) -> DirectoryUser | None:
        """What the directory says of a user, None if name or password are wrong."""
        provider = directory.provider
        try:
            return await directory.ask(login, password, stranger=stranger)
        except UserRefused as error:
            _LOG.info("directory refused user", directory=provider.name, user=login, told=str(error))
            if error.reason is Reason.WRONG:
                return None
            raise self._users.refused(_HEARD[error.reason](user=login, directory=provider.name)) from error
        except DirectoryDown as error:
            _LOG.error("directory not available", directory=provider.name, told=str(error))
            down = ServiceUnavailable(messages.DIRECTORY_DOWN(directory=provider.name))
            down.retry_after = _RETRY_SECONDS
            raise down from error

    async def _admit(self, directory: Directory, login: str, found: DirectoryUser) -> User:
        provider = directory.provider
        name = _name(directory, found.login)
        identity = ExternalIdentity(provider.source, found.subject, name, found.display_name, found.email, found.groups)
        try:
            return await self._users.admit(identity)
        except Unauthenticated:
            directory.forget(login)
            raise

    def _find(self, names: tuple[str, ...]) -> tuple[Directory, str] | None:
        """The directory of the first name with a domain of one, and the name without the domain."""
        for each in names:
            login, _, domain = each.rpartition("@")
            directory = self._by_domain.get(domain.lower()) if login and _is_login(login) else None
            if directory is not None:
                return directory, login
        return None


def _name(directory: Directory, login: str) -> str:
    """The name here of a user of a directory."""
    return f"{login}@{directory.provider.domains[0]}"


def _is_login(text: str) -> bool:
    """Whether a text can be the name of a user of a directory."""
    return text == text.strip() and text.isprintable() and not any(each in text for each in ':/"\\@')


def _is_text(password: str) -> bool:
    """Whether a password can be sent; JSON can hold half a character."""
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True
