"""Defines the statements on the subscriptions, credentials and contacts of subscribers of published libraries."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from contentlib.library.model import FetchedItem, Subscriber, SubscriberContact, SubscriberCredential
from contentlib.metadata import tables
from contentlib.metadata.rows import Codec, Keyed, Statements
from contentlib.metadata.statement import Connection, Statement

_TABLE = tables.subscribers
_ROWS = Statements(_TABLE, Subscriber)
_OF = Statement(select(*_ROWS.columns).where(_TABLE.c.library == bindparam("library")).order_by(_TABLE.c.number))


class SubscriberRows(Keyed[Subscriber]):
    """Subscriptions of published libraries."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _ROWS)

    async def of(self, library: str) -> list[Subscriber]:
        """The subscriptions of a library."""
        return [_ROWS.codec.value(row) for row in await self._connection.rows(_OF, {"library": library})]


_CREDENTIALS = Statements(tables.subscriber_credentials, SubscriberCredential)
_C = tables.subscriber_credentials.c
_CREDENTIALS_OF = Statement(select(*_CREDENTIALS.columns).where(_C.library == bindparam("of_library")).order_by(_C.number))
_NAMED = Statement(select(_C.id).where(_C.library == bindparam("of_library"), _C.folded_name == bindparam("of_name")))


class SubscriberCredentialRows(Keyed[SubscriberCredential]):
    """Credentials of subscribers."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _CREDENTIALS)

    async def of(self, library: str) -> list[SubscriberCredential]:
        """The credentials of a library."""
        found = await self._connection.rows(_CREDENTIALS_OF, {"of_library": library})
        return [_CREDENTIALS.codec.value(row) for row in found]

    async def find(self, library: str, folded_name: str) -> str | None:
        """The identifier of the credential of a name."""
        row = await self._connection.row(_NAMED, {"of_library": library, "of_name": folded_name})
        return None if row is None else str(row[0])


_CONTACTS = Statements(tables.subscriber_contacts, SubscriberContact)
_K = tables.subscriber_contacts.c
_CONTACTS_OF = Statement(
    select(*_CONTACTS.columns).where(_K.library == bindparam("of_library")).order_by(_K.last_seen.desc(), _K.id)
)
_latest = select(_K.id).where(_K.library == bindparam("of_library"), _K.credential.is_(None))
_TRIM = Statement(
    delete(tables.subscriber_contacts).where(
        _K.library == bindparam("of_library"),
        _K.credential.is_(None),
        _K.id.not_in(_latest.order_by(_K.last_seen.desc(), _K.id).limit(bindparam("most"))),
    )
)


class SubscriberContactRows(Keyed[SubscriberContact]):
    """Contacts of subscribers."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _CONTACTS)

    async def of(self, library: str) -> list[SubscriberContact]:
        """The contacts of a library."""
        return [_CONTACTS.codec.value(row) for row in await self._connection.rows(_CONTACTS_OF, {"of_library": library})]

    async def trim(self, library: str, most: int) -> None:
        """Removes all without a credential but the latest."""
        await self._connection.run(_TRIM, {"of_library": library, "most": most})


_FETCHED: Codec[FetchedItem] = Codec(FetchedItem)
_F = tables.fetched_items.c
_FETCHED_OF = Statement(
    select(*(_F[name] for name in _FETCHED.names))
    .where(_F.contact == bindparam("of_contact"))
    .order_by(_F.time.desc(), _F.item)
)
_note = upsert(tables.fetched_items).values({name: bindparam(name) for name in _FETCHED.names})
_NOTE = Statement(
    _note.on_conflict_do_update(
        index_elements=["contact", "item"],
        set_={"version": _note.excluded.version, "time": _note.excluded.time},
        where=_F.time <= _note.excluded.time,
    )
)


class FetchedItemRows:
    """Items that subscribers have fetched."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def note(self, row: FetchedItem) -> None:
        """Keeps the row."""
        await self._connection.run(_NOTE, _FETCHED.row(row))

    async def of(self, contact: str) -> list[FetchedItem]:
        """The rows of a contact."""
        return [_FETCHED.value(row) for row in await self._connection.rows(_FETCHED_OF, {"of_contact": contact})]
