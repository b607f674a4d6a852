"""Creates, changes and deletes libraries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from contentlib.library.catalog import messages
from contentlib.library.catalog.items import cancel
from contentlib.library.catalog.library_names import LibraryNames
from contentlib.library.clock import Clock
from contentlib.library.errors import Busy, Invalid, Missing, Unsupported, VersionConflict, WrongType
from contentlib.library.idempotence import once
from contentlib.library.identifiers import new_identifier
from contentlib.library.leases import Ended
from contentlib.library.messages import REQUIRED
from contentlib.library.model import Authentication, Backing, BackingType, Library, LibraryType, Publishing, Token
from contentlib.library.names import check_description, check_name, check_password, fold
from contentlib.library.packages.policies import check_policy
from contentlib.library.ports import MetadataStore, PasswordHasher, Transaction
from contentlib.library.principals import creators
from contentlib.library.protection import check_changeable, check_unused
from contentlib.library.signals import unheard

PUBLISHING_USER = "vcsp"
_TAKEN_TIME = ("publishing", "subscription")  # what is worked out before it is written
Value = TypeVar("Value")


class PublishingChange(msgspec.Struct, frozen=True):
    """A caller's changes of publishing. None means unchanged."""

    published: bool | None = None
    authentication: Authentication | None = None
    user_name: str | None = None
    password: str | None = None
    current_password: str | None = None
    persist_json: bool | None = None


class NewLibrary(msgspec.Struct, frozen=True):
    """A caller's specification of a library to create."""

    name: str | None
    description: str | None
    backings: tuple[Backing, ...]
    publishing: PublishingChange | None = None
    optimize_remote_publishing: bool | None = None
    apply_usage_to_items: bool | None = None
    security_policy: str | None = None


class LibraryChange(msgspec.Struct, frozen=True):
    """A caller's changes of a library. None means unchanged."""

    name: str | None = None
    description: str | None = None
    version: str | None = None
    publishing: PublishingChange | None = None
    apply_usage_to_items: bool | None = None
    security_policy: str | None = None
    unset_security_policy: bool = False


MoreChanges = Callable[[Library], Awaitable[dict[str, object]]]
"""Further changes of a library, by the names of its fields."""
Check = Callable[[Library], None]
"""Checks a changed library in the transaction that stores it."""


class LibraryRules(msgspec.Struct, frozen=True):
    """Configuration of libraries: `storages` are the configured backends by id, the first is the default.

    `kept` is how many milliseconds a deleted library can be restored; `names` defines whether two libraries can share a name.
    """

    storages: Mapping[str, str]
    kept: int = 0
    names: LibraryNames = LibraryNames()


class Libraries:
    """The operations on libraries."""

    def __init__(
        self,
        metadata: MetadataStore,
        clock: Clock,
        passwords: PasswordHasher,
        rules: LibraryRules,
        ended: Ended = unheard,
    ) -> None:
        self.names = rules.names
        self._ended = ended
        self._kept = rules.kept
        self._metadata = metadata
        self._clock = clock
        self._storages = rules.storages
        self._passwords = passwords

    async def create(self, new: NewLibrary, token: Token | None, user: str = "") -> str:
        """Creates a local library, which the user administers, and answers its identifier."""
        library = await self.draft(new, LibraryType.LOCAL)
        return await once(self._metadata, self._clock, token, self.adding(library, user))

    def adding(self, library: Library, user: str) -> Callable[[Transaction], Awaitable[str]]:
        """Adds a library that a user administers, and answers its identifier; NameTaken when another one has its name."""

        async def add(transaction: Transaction) -> str:
            await self.names.check(transaction, library, "create_spec.name")
            await transaction.libraries.add(library)
            if user:
                await transaction.permissions.add(creators(user, library.id))
            return library.id

        return add

    async def draft(self, new: NewLibrary, type: LibraryType, field: str = "create_spec") -> Library:
        """Returns the library to create. `field` is the path of the caller's specification."""
        if new.name is None:
            raise Invalid(REQUIRED(field=f"{field}.name"))
        name = check_name(f"{field}.name", new.name)
        publishing = await self._publishing(f"{field}.publish_info", Publishing(), new.publishing, creating=True)
        now = self._clock.now()
        return Library(
            id=new_identifier(),
            name=name,
            folded_name=fold(name),
            description=check_description(f"{field}.description", new.description or ""),
            type=type,
            backings=new.backings,
            storage=self.storage_of(f"{field}.storage_backings", new.backings),
            created=now,
            modified=now,
            version=1,
            publishing=publishing,
            optimize_remote_publishing=new.optimize_remote_publishing or False,
            apply_usage_to_items=new.apply_usage_to_items,
            security_policy=check_policy(f"{field}.security_policy_id", new.security_policy),
        )

    async def get(self, library_id: str, type: LibraryType | None = None) -> Library:
        """The library; Missing, or WrongType when it is not of the type asked for."""
        async with self._metadata.reading() as transaction:
            return await find_library(transaction, library_id, type)

    async def ids(self, type: LibraryType | None = None) -> list[str]:
        """The identifiers of all libraries, or of all of a type, in order of creation."""
        async with self._metadata.reading() as transaction:
            return await transaction.libraries.find(type=type)

    async def find(self, name: str | None, type: LibraryType | None, backing: Backing | None) -> list[str]:
        """The identifiers of the libraries that match all that is given; names are compared without regard to case."""
        if name is None and type is None and backing is None:
            raise Invalid(messages.NO_CRITERIA(field="spec"))
        async with self._metadata.reading() as transaction:
            storage = None if backing is None else backing.datastore_id
            folded = None if name is None else fold(name)
            found = await transaction.libraries.find(type=type, folded_name=folded, storage=storage)
            if backing is None or backing == Backing(BackingType.DATASTORE, storage):
                return found
            libraries = [await transaction.libraries.get(each) for each in found]
        return [each.id for each in libraries if each is not None and _matches(each, backing)]

    async def update(
        self,
        library_id: str,
        change: LibraryChange,
        type: LibraryType | None = None,
        more: MoreChanges | None = None,
        check: Check = unheard,
    ) -> None:
        """Changes the given properties and those that `more` adds. If nothing changes, no version is increased.

        `check` checks what `more` has added.

        Raises VersionConflict if `version` is given and not the library's, and Busy if it is not given and another call has
        changed publishing or the subscription meanwhile.
        """
        library = await self.get(library_id, type)
        changes: dict[str, object] = {}
        if change.name is not None:
            changes["name"] = check_name("update_spec.name", change.name)
            changes["folded_name"] = fold(change.name)
        if change.description is not None:
            changes["description"] = check_description("update_spec.description", change.description)
        if change.apply_usage_to_items is not None:
            changes["apply_usage_to_items"] = change.apply_usage_to_items
        if change.unset_security_policy:
            changes["security_policy"] = None
        elif change.security_policy is not None:
            changes["security_policy"] = check_policy("update_spec.security_policy_id", change.security_policy)
        if change.publishing is not None:
            where = "update_spec.publish_info"
            changes["publishing"] = await self._publishing(where, library.publishing, change.publishing, creating=False)
        if more is not None:
            changes |= await more(library)
        await self._put(library, change.version, changes, unheard if more is None else check)

    async def _put(self, seen: Library, version: str | None, changes: dict[str, object], check: Check) -> None:
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, seen.id)
            if version is not None and version != str(library.version):
                raise VersionConflict("library", library.id, version, str(library.version))
            for each in _TAKEN_TIME:
                if each in changes and getattr(library, each) != getattr(seen, each):
                    raise Busy(messages.FIELD_CHANGING(field=each, library=library.id))
            changed = replace(library, **changes)
            await _check_subscribers(transaction, library, changed)
            if changed.folded_name != library.folded_name:
                await self.names.check(transaction, changed, "update_spec.name")
            if changed != library:
                check(changed)
                now = max(self._clock.now(), library.modified)
                await transaction.libraries.put(
                    replace(changed, modified=now, version=library.version + 1, revision=library.revision + 1)
                )

    async def delete(self, library_id: str, type: LibraryType | None = None, user: str = "", *, force: bool = False) -> None:
        """Moves a library to the trash, which hides its items. Running update sessions end, running downloads continue.

        Changes one row, regardless of the number of items. Raises InUse if the library is in use and WrongState in maintenance,
        unless `force` is set.
        """
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, library_id, type)
            if not force:
                check_changeable(library)
                await check_unused(transaction, library, f"library {library.name!r}")
            running = await transaction.update_sessions.active_in(library_id)
            now = self._clock.now()
            for session in running:
                await cancel(transaction, session, now, messages.LIBRARY_DELETED(name=library.name))
            await transaction.deleted_libraries.add(library_id, user, now, now + self._kept)
        for session in running:
            self._ended(session.id)

    def storage_of(self, field: str, backings: tuple[Backing, ...]) -> str:
        """Returns the storage of backings. Raises Invalid or Unsupported if they name none of this server."""
        if not backings:
            return next(iter(self._storages))
        if len(backings) > 1:
            raise Unsupported(messages.TOO_MANY_BACKINGS(field=field, count=len(backings)))
        (backing,) = backings
        if backing.type is not BackingType.DATASTORE:
            raise Unsupported(messages.BACKING_TYPE(given=backing.type, field=f"{field}.1.type"))
        if backing.datastore_id is None:
            raise Invalid(messages.REQUIRED_FOR_DATASTORE(field=f"{field}.1.datastore_id"))
        if backing.datastore_id not in self._storages:
            wrong = f"{field}.1.datastore_id"
            raise Invalid(messages.UNKNOWN_STORAGE(field=wrong, given=backing.datastore_id, available=self._storages))
        return backing.datastore_id

    async def _publishing(
        self, field: str, current: Publishing, change: PublishingChange | None, *, creating: bool
    ) -> Publishing:
        if change is None:
            return current
        if creating:
            _check_complete(field, change)
        if change.user_name not in (None, "", PUBLISHING_USER) and (change.authentication or current.authentication) == "BASIC":
            wrong = f"{field}.user_name"
            raise Invalid(messages.NOT_PUBLISHING_USER(field=wrong, expected=PUBLISHING_USER, given=change.user_name or ""))
        new = replace(
            current,
            published=_or(change.published, current.published),
            authentication=_or(change.authentication, current.authentication),
            persist_json=_or(change.persist_json, current.persist_json),
        )
        await self._check_current_password(field, current, new, change)
        if new.authentication is Authentication.NONE:
            return replace(new, user_name=None, password_hash=None)
        if change.password:
            password = check_password(f"{field}.password", change.password)
            return replace(new, user_name=PUBLISHING_USER, password_hash=await self._passwords.hash(password))
        only_subscribers = current.authentication is Authentication.BASIC and current.password_hash is None
        if change.password is not None or (new.password_hash is None and not only_subscribers):
            raise Invalid(messages.EMPTY_FOR_BASIC(field=f"{field}.password"))
        return replace(new, user_name=PUBLISHING_USER)

    async def _check_current_password(self, field: str, current: Publishing, new: Publishing, change: PublishingChange) -> None:
        if current.password_hash is None:
            return
        unpublished = current.published and not new.published
        if not (change.password is not None or new.authentication is Authentication.NONE or unpublished):
            return
        if change.current_password is None:
            raise Invalid(messages.CURRENT_PASSWORD_REQUIRED(field=f"{field}.current_password"))
        if not await self._passwords.verify(current.password_hash, change.current_password):
            raise Invalid(messages.CURRENT_PASSWORD_WRONG(field=f"{field}.current_password"))


async def _check_subscribers(transaction: Transaction, library: Library, changed: Library) -> None:
    """Raises Invalid if a library whose subscribers have credentials would be open to all."""
    before, after = library.publishing.authentication, changed.publishing.authentication
    opened = before is Authentication.BASIC and after is Authentication.NONE
    if opened and await transaction.subscriber_credentials.of(library.id):
        field = "update_spec.publish_info.authentication_method"
        raise Invalid(messages.HAS_SUBSCRIBERS(field=field, library=library.id))


async def find_library(transaction: Transaction, library_id: str, type: LibraryType | None = None) -> Library:
    """The library; Missing, or WrongType when it is not of the type asked for."""
    library = await transaction.libraries.get(library_id)
    if library is None:
        raise Missing("library", library_id)
    if type is not None and library.type is not type:
        raise WrongType(messages.LIBRARY_TYPE(library=library_id, type=library.type, expected=type))
    return library


def _check_complete(field: str, change: PublishingChange) -> None:
    if change.published is None:
        raise Invalid(REQUIRED(field=f"{field}.published"))
    if change.authentication is None:
        raise Invalid(REQUIRED(field=f"{field}.authentication_method"))


def _matches(library: Library, wanted: Backing) -> bool:
    return any(
        each.type is wanted.type
        and wanted.datastore_id in (None, each.datastore_id)
        and wanted.storage_uri in (None, each.storage_uri)
        for each in library.backings or (Backing(BackingType.DATASTORE, library.storage),)
    )


def _or(value: Value | None, otherwise: Value) -> Value:
    return otherwise if value is None else value
