"""Admits users whom an identity provider has authenticated: creates them at their first login, and updates them later.

A user belongs to one provider and is found by the identifier that the provider never changes. A provider cannot take over a
user who is kept here or who comes from another provider, and its groups only replace memberships that it asserted itself.
"""

from __future__ import annotations

import re
from itertools import islice

import msgspec
from msgspec.structs import replace

from contentlib.access import messages
from contentlib.access.names import UserNames
from contentlib.library.errors import Invalid
from contentlib.library.model import User
from contentlib.library.names import clean, fold
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.principals import user_key
from contentlib.messages import Fault
from contentlib.vapi.errors import Unauthenticated

LONGEST = 255
"""Characters of an identifier, of a name and of an e-mail address at a provider."""
LONGEST_GROUP = 1024
_MOST_GROUPS = 10_000
SOURCE_FORM = re.compile(r"(?:oidc|ldap):[A-Za-z0-9._-]{1,64}")
"""How a provider is named in users and groups: its kind and its name in the settings."""


class ExternalIdentity(msgspec.Struct, frozen=True):
    """What a provider says of a user whom it has authenticated.

    `provider` is as in SOURCE_FORM, `subject` the identifier of the user there, which never changes, `name` the name of the
    user here, and `groups` the names of all groups of the user at the provider. A text that is None stays what it was.
    `session` is a digest of the session there, if the provider has told of one.
    """

    provider: str
    subject: str
    name: str
    display_name: str | None = None
    email: str | None = None
    groups: tuple[str, ...] = ()
    session: str | None = None


class ExternalUsers:
    """The users who come from identity providers. `challenge` tells refused callers how to log in."""

    def __init__(self, metadata: MetadataStore, names: UserNames, challenge: str) -> None:
        self._metadata = metadata
        self._names = names
        self._challenge = challenge

    async def admit(self, identity: ExternalIdentity) -> User:
        """The user that an identity is, created or updated; writes only what has changed.

        Unauthenticated where the user is disabled, or where the name is not usable or belongs to another user.
        """
        self._check(identity)
        async with self._metadata.reading() as transaction:
            user = await self._find(transaction, identity)
            if user is not None and await _is_current(transaction, user, identity):
                return user
        async with self._metadata.transaction(durable=True) as transaction:
            user = await self._find(transaction, identity)
            admitted = await self._create(transaction, identity) if user is None else _updated(user, identity)
            if admitted != user:
                await transaction.users.put(admitted)
            await _assert_groups(transaction, admitted, identity)
        return admitted

    def refused(self, said: Fault) -> Unauthenticated:
        """Returns the error that asks for a login."""
        return Unauthenticated(said, challenge=self._challenge)

    def _check(self, identity: ExternalIdentity) -> None:
        if not 0 < len(identity.subject) <= LONGEST or not identity.subject.isprintable():
            raise self.refused(messages.EXTERNAL_SUBJECT(provider=identity.provider))

    async def _find(self, transaction: Transaction, identity: ExternalIdentity) -> User | None:
        user = await transaction.users.from_outside(identity.provider, identity.subject)
        if user is not None and not user.enabled:
            raise self.refused(messages.EXTERNAL_DISABLED(user=user.name, provider=identity.provider))
        return user

    async def _create(self, transaction: Transaction, identity: ExternalIdentity) -> User:
        try:
            name = self._names.whole("name", identity.name)
        except Invalid as error:
            raise self.refused(messages.EXTERNAL_NAME(provider=identity.provider, problem=error.fault)) from error
        for each in self._names.meant(name):
            if await transaction.users.get(each) is not None:
                raise self.refused(messages.EXTERNAL_TAKEN(name=name, provider=identity.provider))
        return _updated(User(name, fold(name), source=identity.provider, subject=identity.subject), identity)


def _updated(user: User, identity: ExternalIdentity) -> User:
    display_name, email = identity.display_name, identity.email
    return replace(
        user,
        display_name=user.display_name if display_name is None else clean(display_name[:LONGEST]),
        email=user.email if email is None else clean(email) if len(email) <= LONGEST else "",
    )


async def _is_current(transaction: Transaction, user: User, identity: ExternalIdentity) -> bool:
    if _updated(user, identity) != user:
        return False
    held = await transaction.groups.asserted(user_key(user.folded_name), identity.provider)
    return set(held) == await _mapped(transaction, identity)


async def _assert_groups(transaction: Transaction, user: User, identity: ExternalIdentity) -> None:
    """Makes the memberships by the provider those that it asserts now."""
    principal = user_key(user.folded_name)
    held = set(await transaction.groups.asserted(principal, identity.provider))
    wanted = await _mapped(transaction, identity)
    for group in sorted(held - wanted):
        await transaction.groups.leave(principal, group, identity.provider)
    for group in sorted(wanted - held):
        await transaction.groups.join(group, principal, identity.provider)


async def _mapped(transaction: Transaction, identity: ExternalIdentity) -> set[str]:
    """The groups here that the user's groups at the provider are mapped to; groups that are not mapped are ignored."""
    given = islice((each for each in identity.groups if len(each) <= LONGEST_GROUP), _MOST_GROUPS)
    asserted = {comparable(identity.provider, each) for each in given}
    if not asserted:
        return set()
    mapped = await transaction.groups.of_source(identity.provider)
    return {each.folded_name for each in mapped if comparable(identity.provider, str(each.external_name)) in asserted}


def comparable(provider: str, group: str) -> str:
    """The form in which the name of a provider's group is compared: directories ignore case, OIDC providers do not."""
    return fold(group) if provider.startswith("ldap:") else group
