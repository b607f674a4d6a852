"""Manages users: their names, whether they may log in, and their passwords."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from contentlib.access import messages
from contentlib.access.administrators import check_administered
from contentlib.access.guessing import Attempt, GuardedPasswords
from contentlib.access.names import UserNames
from contentlib.access.password_policy import PasswordPolicy
from contentlib.access.passwords import Argon2Passwords
from contentlib.library.errors import Invalid, ItemNameTaken, Missing
from contentlib.library.messages import TOO_LONG
from contentlib.library.model import User
from contentlib.library.names import check_text, fold
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.principals import user_key

KIND = "user"
_TEXT_LENGTH = 255


class NewUser(msgspec.Struct, frozen=True):
    """What is said of a user to be created; one without a password logs in with API tokens only."""

    name: str
    password: str | None = None
    display_name: str = ""
    email: str = ""
    enabled: bool = True


class UserChange(msgspec.Struct, frozen=True):
    """What is to be changed of a user; None is left as it is."""

    display_name: str | None = None
    email: str | None = None
    enabled: bool | None = None


class Users:
    """The operations on users."""

    def __init__(
        self,
        metadata: MetadataStore,
        passwords: Argon2Passwords,
        guarded: GuardedPasswords,
        policy: PasswordPolicy,
        names: UserNames,
    ) -> None:
        self._metadata = metadata
        self._passwords = passwords
        self._guarded = guarded
        self._policy = policy
        self._names = names

    async def create(self, new: NewUser) -> str:
        """Creates a user, and answers the whole name; Taken where it is the name of another one in any way of writing it."""
        name = self._names.whole("spec.name", new.name)
        hashed = await self._hash("spec.password", new.password, name) if new.password is not None else ""
        display, email = _text("spec.display_name", new.display_name), _text("spec.email", new.email)
        user = User(name, fold(name), hashed, display, email, new.enabled)
        async with self._metadata.transaction(durable=True) as transaction:
            for each in self._names.meant(name):
                if await transaction.users.get(each) is not None:
                    raise ItemNameTaken(messages.USER_TAKEN(name=name))
            await transaction.users.put(user)
        return name

    async def get(self, name: str) -> User:
        """A user."""
        async with self._metadata.reading() as transaction:
            return await find_user(transaction, name)

    async def all(self) -> list[User]:
        """All users, by name."""
        async with self._metadata.reading() as transaction:
            return await transaction.users.all()

    async def groups_of(self, name: str) -> list[str]:
        """The names of all groups that a user is in, directly or by other groups."""
        async with self._metadata.reading() as transaction:
            user = await find_user(transaction, name)
            found = [
                await transaction.groups.get(each) for each in await transaction.groups.groups_of(user_key(user.folded_name))
            ]
        return [each.name for each in found if each is not None]

    async def update(self, name: str, change: UserChange) -> None:
        """Changes what is given; a disabled user loses all sessions. Raises LastAdministrator if none would be left."""
        changes = {field: value for field, value in msgspec.structs.asdict(change).items() if value is not None}
        for field in ("display_name", "email"):
            _text(f"spec.{field}", changes.get(field, ""))
        async with self._metadata.transaction(durable=True) as transaction:
            user = replace(await find_user(transaction, name), **changes)
            await transaction.users.put(user)
            if not user.enabled:
                await transaction.logins.end(user.name)
                await transaction.login_links.remove_of(user.folded_name)
                await check_administered(transaction)

    async def remove(self, name: str) -> None:
        """Removes a user with login sessions, tokens, permissions and memberships; other sessions and tasks have no owner then.

        Raises LastAdministrator if no administrator would be left.
        """
        async with self._metadata.transaction(durable=True) as transaction:
            user = await find_user(transaction, name)
            principal = user_key(user.folded_name)
            tokens = [each.id for each in await transaction.api_tokens.all(user.folded_name)]
            for each in tokens:
                await transaction.api_tokens.remove(each)
            await transaction.last_uses.forget([principal, *tokens])
            await transaction.groups.leave(principal)
            await transaction.permissions.remove_of(principal)
            await transaction.logins.end(user.name)
            await transaction.login_links.remove_of(user.folded_name)
            await _disown(transaction, user.name)
            await transaction.users.remove(user.folded_name)
            await check_administered(transaction)

    async def set_password(self, name: str, password: str) -> None:
        """Gives a user a new password, and ends the user's sessions. Raises Invalid for a user of an identity provider."""
        async with self._metadata.reading() as transaction:
            _check_local("password", await find_user(transaction, name))
        await self._put_password(name, await self._hash("password", password, name), "")

    async def change_password(self, attempt: Attempt, login: str, old: str, new: str) -> None:
        """Gives the user who attempts it a new password for the old one; other sessions than the one that asks end.

        Invalid where the old one is wrong, which is answered as slowly as a wrong login.
        """
        async with self._metadata.reading() as transaction:
            user = await find_user(transaction, attempt.name)
        _check_local("new_password", user)
        guarded = Attempt(self._names.key(attempt.name), attempt.address, attempt.gone)
        if not user.password_hash or not await self._guarded.verify(guarded, user.password_hash, old):
            raise Invalid(messages.PASSWORD_WRONG(field="old_password"))
        await self._put_password(user.name, await self._hash("new_password", new, user.name), login, user.password_hash)

    async def _put_password(self, name: str, hashed: str, login: str, before: str | None = None) -> None:
        async with self._metadata.transaction(durable=True) as transaction:
            user = await find_user(transaction, name)
            _check_local("password", user)
            if before is not None and user.password_hash != before:  # changed by another call meanwhile
                raise Invalid(messages.PASSWORD_WRONG(field="old_password"))
            await transaction.users.put(replace(user, password_hash=hashed))
            await transaction.logins.end(user.name, but=login)
            await transaction.login_links.remove_of(user.folded_name)

    async def _hash(self, field: str, password: str, name: str) -> str:
        await self._policy.check(field, password, name)
        return await self._passwords.hash(password)


async def _disown(transaction: Transaction, name: str) -> None:
    """Takes sessions and tasks from a user, so that a later user of the same name does not own them."""
    former = f"removed/{name}"  # no user can have a name with a slash
    await transaction.update_sessions.disown(name, former)
    await transaction.download_sessions.disown(name, former)
    await transaction.tokens.forget_user(name)
    for task in await transaction.tasks.all():
        asked = task.submitter
        changed = replace(
            task,
            user=former if task.user == name else task.user,
            submitter=replace(asked, user=former) if asked is not None and asked.user == name else asked,
        )
        if changed != task:
            await transaction.tasks.put(changed)


async def find_user(transaction: Transaction, name: str) -> User:
    """The user, or Missing."""
    user = await transaction.users.get(name)
    if user is None:
        raise Missing(KIND, name)
    return user


def _check_local(field: str, user: User) -> None:
    if user.source is not None:
        raise Invalid(messages.EXTERNAL_PASSWORD(field=field, user=user.name, provider=user.source))


def _text(field: str, text: str) -> str:
    if len(text) > _TEXT_LENGTH:
        raise Invalid(TOO_LONG(field=field, length=len(text), most=_TEXT_LENGTH))
    return check_text(field, text)
