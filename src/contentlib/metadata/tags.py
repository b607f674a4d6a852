"""Defines the statements on tags, categories, their users and attachments."""

from __future__ import annotations

from sqlalchemy import Table, and_, bindparam, delete, exists, func, insert, or_, select

from contentlib.library.model import Cardinality, Category, Tag, TaggedObject
from contentlib.library.model.tags import ITEM, LIBRARY
from contentlib.library.ports import FreeTag
from contentlib.metadata import tables
from contentlib.metadata.items import LIVE
from contentlib.metadata.rows import Keyed, Statements
from contentlib.metadata.search import SearchTexts
from contentlib.metadata.statement import Connection, Statement

_CATEGORIES = tables.categories
_TAGS = tables.tags
_ATTACHED = tables.attachments
_KIND = {LIBRARY: "library", ITEM: "item"}
"""The column that names an object whose row takes its attachments along."""

_CATEGORY = Statements(_CATEGORIES, Category)
_ALL_CATEGORIES = Statement(select(*_CATEGORY.columns).order_by(_CATEGORIES.c.created, _CATEGORIES.c.id))
_REMOVE_CATEGORY = Statement(delete(_CATEGORIES).where(_CATEGORIES.c.id == bindparam("key")), hides=(_TAGS.name,))
_CATEGORY_NAMED = Statement(select(_CATEGORIES.c.id).where(_CATEGORIES.c.name == bindparam("called")))


class CategoryRows(Keyed[Category]):
    """Categories of tags."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _CATEGORY)

    async def remove(self, identifier: str) -> None:
        """Removes the category with its tags, which are read by their keys and must not be remembered."""
        await SearchTexts(self._connection).remove_tags(identifier)
        await self._connection.run(_REMOVE_CATEGORY, {"key": identifier})

    async def all(self) -> list[Category]:
        """All categories."""
        return [_CATEGORY.codec.value(row) for row in await self._connection.rows(_ALL_CATEGORIES, {})]

    async def named(self, name: str) -> str | None:
        """The identifier of the category of that name."""
        row = await self._connection.row(_CATEGORY_NAMED, {"called": name})
        return None if row is None else row[0]


_HERE = _ATTACHED.alias("here")
_OTHER = _TAGS.alias("other")
_ON_OBJECT = and_(_HERE.c.type == bindparam("of_type"), _HERE.c.object == bindparam("of_object"))
_RIVALED = and_(
    _CATEGORIES.c.cardinality == bindparam("single"),
    exists().where(_OTHER.c.category == _TAGS.c.category, _HERE.c.tag == _OTHER.c.id, _ON_OBJECT),
)
_TAG = Statements(_TAGS, Tag)
_TAG_ORDER = (_TAGS.c.created, _TAGS.c.id)
_ALL_TAGS = Statement(select(_TAGS.c.id).order_by(*_TAG_ORDER))
_TAGS_OF = Statement(select(_TAGS.c.id).where(_TAGS.c.category == bindparam("of_category")).order_by(*_TAG_ORDER))
_TAG_NAMED = Statement(
    select(_TAGS.c.id).where(_TAGS.c.category == bindparam("of_category"), _TAGS.c.name == bindparam("called"))
)
_FREE = Statement(
    select(_TAGS.c.id, _TAGS.c.category)
    .join(_CATEGORIES, _CATEGORIES.c.id == _TAGS.c.category)
    .where(~exists().where(_HERE.c.tag == _TAGS.c.id, _ON_OBJECT), ~_RIVALED)
    .order_by(*_TAG_ORDER),
    long=True,
)


class TagRows(Keyed[Tag]):
    """Tags."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _TAG)
        self._texts = SearchTexts(connection)

    async def add(self, row: Tag) -> None:
        """Adds a tag."""
        await super().add(row)
        await self._texts.renew_tag(row.id)

    async def put(self, row: Tag) -> None:
        """Replaces the tag of the same identifier."""
        await super().put(row)
        await self._texts.renew_tag(row.id)

    async def remove(self, identifier: str) -> None:
        """Removes the tag."""
        await self._texts.remove(identifier)
        await super().remove(identifier)

    async def all(self) -> list[str]:
        """The identifiers of all tags."""
        return await self._identifiers(_ALL_TAGS, {})

    async def of(self, category: str) -> list[str]:
        """The identifiers of the tags of a category."""
        return await self._identifiers(_TAGS_OF, {"of_category": category})

    async def named(self, category: str, name: str) -> str | None:
        """The identifier of the tag of that name in a category."""
        row = await self._connection.row(_TAG_NAMED, {"of_category": category, "called": name})
        return None if row is None else row[0]

    async def free(self, target: TaggedObject) -> list[FreeTag]:
        """The tags that an object does not have and has room for."""
        values = {"of_type": target.type, "of_object": target.id, "single": Cardinality.SINGLE}
        return [FreeTag(*row) for row in await self._connection.rows(_FREE, values)]


_LIVE = and_(
    or_(
        _ATTACHED.c.library.is_(None),
        exists().where(tables.libraries.c.id == _ATTACHED.c.library, tables.libraries.c.deleted.is_(None)),
    ),
    or_(_ATTACHED.c.item.is_(None), exists().where(tables.items.c.id == _ATTACHED.c.item, *LIVE)),
)
_OF_TAG = _ATTACHED.c.tag == bindparam("of_tag")
_TO_OBJECT = and_(_ATTACHED.c.type == bindparam("of_type"), _ATTACHED.c.object == bindparam("of_object"))
_COLUMNS = ("tag", "type", "object", "library", "item")
_ATTACH = Statement(insert(_ATTACHED).values({name: bindparam(name) for name in _COLUMNS}))
_DETACH = Statement(delete(_ATTACHED).where(_OF_TAG, _TO_OBJECT))
_HAS = Statement(select(_ATTACHED.c.number).where(_OF_TAG, _TO_OBJECT, _LIVE))
_TAGS_ON = Statement(select(_ATTACHED.c.tag).where(_TO_OBJECT, _LIVE).order_by(_ATTACHED.c.number))
_WITH_TAG = Statement(select(_ATTACHED.c.type, _ATTACHED.c.object).where(_OF_TAG, _LIVE).order_by(_ATTACHED.c.number))
_of_category = select(_ATTACHED).join(_TAGS, _TAGS.c.id == _ATTACHED.c.tag).where(_TAGS.c.category == bindparam("of_category"))
_RIVAL = Statement(_of_category.with_only_columns(_ATTACHED.c.tag).where(_TO_OBJECT, _LIVE).limit(1))
_CROWDED = Statement(
    _of_category.with_only_columns(_ATTACHED.c.type, _ATTACHED.c.object)
    .group_by(_ATTACHED.c.type, _ATTACHED.c.object)
    .having(func.count() > bindparam("most"))
    .limit(1),
    long=True,
)


class AttachmentRows:
    """Which tags are attached to which objects."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, tag: str, target: TaggedObject) -> None:
        """Attaches a tag to an object."""
        row = dict.fromkeys(_COLUMNS) | {"tag": tag, "type": target.type, "object": target.id}
        if target.type in _KIND:
            row[_KIND[target.type]] = target.id
        await self._connection.run(_ATTACH, row)

    async def has(self, tag: str, target: TaggedObject) -> bool:
        """Whether a tag is attached to an object."""
        return await self._connection.row(_HAS, {"of_tag": tag, **_of(target)}) is not None

    async def remove(self, tag: str, target: TaggedObject) -> None:
        """Detaches a tag from an object."""
        await self._connection.run(_DETACH, {"of_tag": tag, **_of(target)})

    async def tags(self, target: TaggedObject) -> list[str]:
        """The identifiers of the tags of an object."""
        return [row[0] for row in await self._connection.rows(_TAGS_ON, _of(target))]

    async def targets(self, tag: str) -> list[TaggedObject]:
        """The objects that have a tag."""
        return [TaggedObject(*row) for row in await self._connection.rows(_WITH_TAG, {"of_tag": tag})]

    async def rival(self, category: str, target: TaggedObject) -> str | None:
        """The identifier of a tag of a category that an object has."""
        row = await self._connection.row(_RIVAL, {"of_category": category, **_of(target)})
        return None if row is None else row[0]

    async def crowded(self, category: str) -> TaggedObject | None:
        """An object that has several tags of a category."""
        row = await self._connection.row(_CROWDED, {"of_category": category, "most": 1})
        return None if row is None else TaggedObject(*row)


def _of(target: TaggedObject) -> dict[str, str]:
    return {"of_type": target.type, "of_object": target.id}


class UserStatements:
    """The statements on those who use the rows of a table."""

    def __init__(self, users: Table, things: Table) -> None:
        of_thing, of_user = users.c.thing == bindparam("of_thing"), users.c.user == bindparam("of_user")
        self.add = Statement(insert(users).values(thing=bindparam("of_thing"), user=bindparam("of_user")))
        self.remove = Statement(delete(users).where(of_thing, of_user))
        self.of = Statement(select(users.c.user).where(of_thing).order_by(users.c.user))
        used = select(users.c.thing).join(things, things.c.id == users.c.thing).where(of_user)
        self.by = Statement(used.order_by(things.c.created, things.c.id))


CATEGORY_USERS = UserStatements(tables.category_users, _CATEGORIES)
TAG_USERS = UserStatements(tables.tag_users, _TAGS)


class UsedByRows:
    """Who uses the rows of a table."""

    def __init__(self, connection: Connection, statements: UserStatements) -> None:
        self._connection = connection
        self._statements = statements

    async def add(self, thing: str, user: str) -> None:
        """Adds a name."""
        await self._connection.run(self._statements.add, {"of_thing": thing, "of_user": user})

    async def remove(self, thing: str, user: str) -> None:
        """Removes a name."""
        await self._connection.run(self._statements.remove, {"of_thing": thing, "of_user": user})

    async def of(self, thing: str) -> list[str]:
        """The names of those who use a thing."""
        return [row[0] for row in await self._connection.rows(self._statements.of, {"of_thing": thing})]

    async def by(self, user: str) -> list[str]:
        """The identifiers of the things that a user uses."""
        return [row[0] for row in await self._connection.rows(self._statements.by, {"of_user": user})]
