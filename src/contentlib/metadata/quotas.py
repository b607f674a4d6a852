"""Defines the statements on quotas, and keeps what libraries and users hold exact while content changes.

The rows of items, versions and sessions call `Holdings` in their own transaction, so a total is the sum of rows at any commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, exists, func, insert, literal_column, select, update

from contentlib.library.model import HeldAmount, Quota, Reservation, library_owner, user_owner
from contentlib.metadata import tables
from contentlib.metadata.rows import Codec
from contentlib.metadata.statement import Connection, Statement, upsert

_QUOTAS = tables.quotas
_RESERVATIONS = tables.reservations
_FILES, _VERSIONS, _ITEMS = tables.stored_files, tables.versions, tables.items
_QUOTA, _RESERVATION = Codec(Quota), Codec(Reservation)
_OWNER = _QUOTAS.c.owner == bindparam("of_owner")
_GET = Statement(select(*[_QUOTAS.c[name] for name in _QUOTA.names]).where(_OWNER))
_OF = Statement(
    select(*[_QUOTAS.c[name] for name in _QUOTA.names]).where(_QUOTAS.c.owner.in_([bindparam("first"), bindparam("second")]))
)
_ALL = Statement(select(*[_QUOTAS.c[name] for name in _QUOTA.names]).order_by(_QUOTAS.c.owner), long=True)
_ADD = Statement(insert(_QUOTAS).values({name: bindparam(name) for name in _QUOTA.names}))
_limits: dict[str, Any] = {"most_bytes": bindparam("bytes_limit"), "most_items": bindparam("items_limit")}
_LIMIT = Statement(update(_QUOTAS).where(_OWNER).values(_limits))
_CORRECT = Statement(update(_QUOTAS).where(_OWNER).values({name: bindparam(f"new_{name}") for name in HeldAmount._fields}))


def _changing(count: int) -> Statement:
    """Adds to what so many owners hold, whether they have a row or not."""
    rows: list[dict[str, Any]] = [
        {name: bindparam(f"{name}{n}") for name in ("owner", *HeldAmount._fields)} for n in range(count)
    ]
    adding = upsert(_QUOTAS).values(rows)
    changed = {name: _QUOTAS.c[name] + adding.excluded[name] for name in HeldAmount._fields}
    # totals change with the content, which the audit log has
    return Statement(adding.on_conflict_do_update(index_elements=["owner"], set_=changed), routine=True)


_CHANGE = {count: _changing(count) for count in (1, 2)}
_REMOVE = Statement(delete(_QUOTAS).where(_OWNER), routine=True)
_KEPT = _VERSIONS.c.newer < literal_column(str(tables.ORPHANED))
_JOINED = (_VERSIONS.c.id == _FILES.c.version, _ITEMS.c.id == _VERSIONS.c.item, _KEPT)
_OF_ITEM = Statement(
    select(_ITEMS.c.library, _FILES.c.user, _VERSIONS.c.item, _FILES.c.blob, _FILES.c.size)
    .distinct()
    .where(*_JOINED, _VERSIONS.c.item == bindparam("of_item"))
)
_OF_BLOBS = Statement(
    select(_ITEMS.c.library, _FILES.c.user, _VERSIONS.c.item, _FILES.c.blob, _FILES.c.size)
    .distinct()
    .where(*_JOINED, _FILES.c.blob.in_([bindparam("old"), bindparam("new")]), _ITEMS.c.library == bindparam("of_library"))
)
_OWNERS_OF_ITEM = Statement(select(_ITEMS.c.library, _ITEMS.c.user).where(_ITEMS.c.id == bindparam("of_item")))
_other, _other_files = _VERSIONS.alias(), _FILES.alias()
_elsewhere = and_(
    _other_files.c.blob == _FILES.c.blob,
    _other.c.id == _other_files.c.version,
    _other.c.id != _VERSIONS.c.id,
    _other.c.item == _VERSIONS.c.item,
    _other.c.newer < literal_column(str(tables.ORPHANED)),
)
_ONLY_OF_VERSION = Statement(
    select(
        _ITEMS.c.library,
        _FILES.c.user,
        _VERSIONS.c.item,
        _FILES.c.blob,
        _FILES.c.size,
        exists().where(_elsewhere),
        exists().where(_elsewhere, _other_files.c.user == _FILES.c.user),
    )
    .distinct()
    .where(*_JOINED, _VERSIONS.c.id == bindparam("of_version"))
)
_RESERVED = Statement(select(_RESERVATIONS.c.bytes).where(_RESERVATIONS.c.file == bindparam("of_file")))
_reservations = select(*[_RESERVATIONS.c[name] for name in _RESERVATION.names])
_OF_FILE = Statement(_reservations.where(_RESERVATIONS.c.file == bindparam("of_file")))
_OF_SESSION = Statement(_reservations.where(_RESERVATIONS.c.session == bindparam("of_session")))
_OTHERS_OF_NAME = Statement(
    _reservations.where(
        _RESERVATIONS.c.file == tables.update_files.c.id,
        _RESERVATIONS.c.session == bindparam("of_session"),
        tables.update_files.c.session == bindparam("of_session"),
        tables.update_files.c.name == bindparam("file_name"),
        tables.update_files.c.id != bindparam("but"),
    )
)
_reserving = upsert(_RESERVATIONS).values({name: bindparam(name) for name in _RESERVATION.names})
_RESERVE = Statement(
    _reserving.on_conflict_do_update(
        index_elements=["file"],
        set_={name: _reserving.excluded[name] for name in _RESERVATION.names if name != "file"},
    )
)
_RELEASE = Statement(delete(_RESERVATIONS).where(_RESERVATIONS.c.file == bindparam("of_file")))
_RELEASE_SESSION = Statement(delete(_RESERVATIONS).where(_RESERVATIONS.c.session == bindparam("of_session")))


def _summed(query: Select[Any], *by: str) -> Statement:
    rows = query.subquery()
    columns = [rows.c[name] for name in by]
    return Statement(select(*columns, func.sum(rows.c.amount)).group_by(*columns), long=True)


def _held(owner: Any) -> Select[Any]:
    found = select(owner.label("owner"), _VERSIONS.c.item, _FILES.c.blob, _FILES.c.size.label("amount"))
    return found.distinct().where(*_JOINED)


def _counted(owner: Any) -> Select[Any]:
    return select(owner.label("owner"), literal_column("1").label("amount"))


def _promised(owner: Any) -> Select[Any]:
    return select(owner.label("owner"), _RESERVATIONS.c.bytes.label("amount"))


_SUMS = [
    ("bytes", library_owner, _summed(_held(_ITEMS.c.library), "owner")),
    ("bytes", user_owner, _summed(_held(_FILES.c.user), "owner")),
    ("items", library_owner, _summed(_counted(_ITEMS.c.library), "owner")),
    ("items", user_owner, _summed(_counted(_ITEMS.c.user), "owner")),
    ("reserved", library_owner, _summed(_promised(_RESERVATIONS.c.library), "owner")),
    ("reserved", user_owner, _summed(_promised(_RESERVATIONS.c.user), "owner")),
]


class Holdings:
    """Changes what libraries and users hold, for the rows that change content."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of_item(self, item: str) -> Counter[str]:
        """The bytes of an item's kept versions, by owner."""
        return _bytes(await self._connection.rows(_OF_ITEM, {"of_item": item}))

    async def of_blobs(self, library: str, old: str, new: str) -> Counter[str]:
        """The bytes of two blobs in the kept versions of a library, by owner."""
        return _bytes(await self._connection.rows(_OF_BLOBS, {"of_library": library, "old": old, "new": new}))

    async def only_of(self, version: str) -> Counter[str]:
        """The bytes that no other kept version of the item has, by owner. Nothing for a version that is not kept."""
        rows = await self._connection.rows(_ONLY_OF_VERSION, {"of_version": version})
        for_library = _bytes(row[:5] for row in rows if not row[5])
        for_users = _bytes(row[:5] for row in rows if not row[6])
        libraries = {library_owner(row[0]) for row in rows}
        total = {owner: (for_library if owner in libraries else for_users)[owner] for owner in {*for_library, *for_users}}
        return Counter(total)

    async def change_bytes(self, more: Counter[str], sign: int = 1) -> None:
        """Adds bytes to what owners hold, or takes them away."""
        await self._change({owner: HeldAmount(bytes=sign * size) for owner, size in more.items()})

    async def add_item(self, library: str, user: str, held: Counter[str]) -> None:
        """Counts a new item and the bytes of its versions."""
        owners = _owners(library, user)
        await self._change({each: HeldAmount(held[each], int(each in owners)) for each in dict.fromkeys([*owners, *held])})

    async def remove_item(self, item: str) -> None:
        """Counts an item no longer, which is still there."""
        for library, user in await self._connection.rows(_OWNERS_OF_ITEM, {"of_item": item}):
            await self._change(dict.fromkeys(_owners(library, user), HeldAmount(items=-1)))

    async def reserve(self, reservation: Reservation) -> None:
        """Reserves bytes for a file instead of those that were reserved for it before."""
        more = _reserved(await self._reservations(_OF_FILE, of_file=reservation.file), -1)
        more.update(_reserved([reservation]))
        await self._connection.run(_RESERVE, _RESERVATION.row(reservation))
        await self._change_reserved(more)

    async def release_session(self, session: str) -> None:
        """Ends the reservations of a session."""
        ended = await self._reservations(_OF_SESSION, of_session=session)
        if ended:
            await self._connection.run(_RELEASE_SESSION, {"of_session": session})
            await self._change_reserved(_reserved(ended, -1))

    async def release_name(self, session: str, name: str, but: str = "") -> None:
        """Ends the reservation of the file of that name, unless it is the given one."""
        found = {"of_session": session, "file_name": name, "but": but}
        for each in await self._reservations(_OTHERS_OF_NAME, **found):
            await self._connection.run(_RELEASE, {"of_file": each.file})
            await self._change_reserved(_reserved([each], -1))

    async def forget(self, owner: str) -> None:
        """Removes an owner that is gone, with its limits."""
        await self._connection.run(_REMOVE, {"of_owner": owner})

    async def _reservations(self, statement: Statement, **found: str) -> list[Reservation]:
        return [_RESERVATION.value(row) for row in await self._connection.rows(statement, found)]

    async def _change_reserved(self, more: Counter[str]) -> None:
        await self._change({owner: HeldAmount(reserved=size) for owner, size in more.items()})

    async def _change(self, more: Mapping[str, HeldAmount]) -> None:
        """Adds to what owners hold, two at a time: mostly it is a library and a user."""
        left = iter((owner, *amount) for owner, amount in more.items() if any(amount))
        while rows := list(islice(left, 2)):
            names = ("owner", *HeldAmount._fields)
            values = {f"{name}{n}": value for n, row in enumerate(rows) for name, value in zip(names, row, strict=True)}
            await self._connection.run(_CHANGE[len(rows)], values)


class QuotaRows:
    """Quotas."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._holdings = Holdings(connection)

    async def get(self, owner: str) -> Quota:
        """The quota of an owner."""
        row = await self._connection.row(_GET, {"of_owner": owner})
        return Quota(owner) if row is None else _QUOTA.value(row)

    async def of(self, first: str, second: str) -> list[Quota]:
        """The quotas of two owners, in this order."""
        found = {row[0]: _QUOTA.value(row) for row in await self._connection.rows(_OF, {"first": first, "second": second})}
        return [found.get(owner) or Quota(owner) for owner in (first, second)]

    async def all(self) -> list[Quota]:
        """All quotas of owners that hold something or have limits."""
        found = [_QUOTA.value(row) for row in await self._connection.rows(_ALL, {})]
        return [each for each in found if each != Quota(each.owner)]

    async def limit(self, owner: str, most_bytes: int | None, most_items: int | None) -> None:
        """Sets the limits of an owner."""
        limits = {"of_owner": owner, "bytes_limit": most_bytes, "items_limit": most_items}
        if not await self._connection.run(_LIMIT, limits):
            await self._connection.run(_ADD, _QUOTA.row(Quota(owner, most_bytes=most_bytes, most_items=most_items)))

    async def reserve(self, reservation: Reservation) -> None:
        """Reserves bytes for a file, or changes its reservation."""
        await self._holdings.reserve(reservation)

    async def reserved(self, file: str) -> int:
        """The bytes that are reserved for a file."""
        row = await self._connection.row(_RESERVED, {"of_file": file})
        return 0 if row is None else int(row[0])

    async def sums(self) -> dict[str, HeldAmount]:
        """Computes from all rows what each owner holds."""
        found: dict[str, HeldAmount] = {}
        for name, owner_of, statement in _SUMS:
            for key, amount in await self._connection.rows(statement, {}):
                if key:
                    owner = owner_of(key)
                    found[owner] = found.get(owner, HeldAmount())._replace(**{name: int(amount)})
        return {owner: held for owner, held in found.items() if any(held)}

    async def correct(self, owner: str, held: HeldAmount) -> None:
        """Replaces what an owner holds by a computed value."""
        values = {f"new_{name}": value for name, value in held._asdict().items()}
        if not await self._connection.run(_CORRECT, {"of_owner": owner, **values}):
            await self._connection.run(_ADD, _QUOTA.row(Quota(owner, *held)))


def _owners(library: str, user: str) -> list[str]:
    return [library_owner(library), *([user_owner(user)] if user else [])]


def _reserved(reservations: Iterable[Reservation], sign: int = 1) -> Counter[str]:
    """The bytes of reservations by owner."""
    total: Counter[str] = Counter()
    for each in reservations:
        for owner in _owners(each.library, each.user):
            total[owner] += sign * each.bytes
    return total


def _bytes(rows: Iterable[tuple[Any, ...]]) -> Counter[str]:
    """The bytes of distinct blobs by owner; the rows are library, user, item, blob and size."""
    held = {(owner, item, blob): size for library, user, item, blob, size in rows for owner in _owners(library, user)}
    total: Counter[str] = Counter()
    for (owner, _, _), size in held.items():
        total[owner] += size
    return total
