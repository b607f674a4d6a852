"""Defines the statements on users, login sessions, client tokens and the server's own state."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, Table, and_, bindparam, delete, func, insert, or_, select, tuple_, update

from contentlib.library.model import Login, Token, Touches, User
from contentlib.library.names import fold
from contentlib.metadata import moving, tables
from contentlib.metadata.rows import Keyed, Statements
from contentlib.metadata.statement import Connection, Statement, upsert

_EVERY = 2**62


def _forgetting(table: Table, moment: Column[Any], *key: Column[Any]) -> Statement:
    """Deletes at most so many of the rows of before a time."""
    some = select(*key).where(moment < bindparam("before")).limit(bindparam("most"))
    return Statement(delete(table).where(tuple_(*key).in_(some) if len(key) > 1 else key[0].in_(some)))


_LOGINS = Statements(tables.logins, Login, key="token_hash")
_FORGET_LOGINS = _forgetting(tables.logins, tables.logins.c.touched, tables.logins.c.token_hash)
_USERS_LOGINS = tables.logins.c.user == bindparam("of_user")
_touched_last = (
    select(tables.logins.c.token_hash)
    .where(_USERS_LOGINS)
    .order_by(tables.logins.c.touched.desc(), tables.logins.c.created.desc(), tables.logins.c.token_hash)
    .limit(bindparam("most"))
)
_TRIM_LOGINS = Statement(delete(tables.logins).where(_USERS_LOGINS, tables.logins.c.token_hash.not_in(_touched_last)))


_LOGINS_OF = Statement(
    select(*_LOGINS.columns).where(_USERS_LOGINS).order_by(tables.logins.c.created, tables.logins.c.token_hash)
)
_ALL_LOGINS = Statement(select(*_LOGINS.columns).order_by(tables.logins.c.created, tables.logins.c.token_hash))
_END_LOGINS = Statement(
    delete(tables.logins).where(
        _USERS_LOGINS,
        tables.logins.c.token_hash != bindparam("but"),
        or_(bindparam("started_by").is_(None), tables.logins.c.api_token == bindparam("started_by")),
    )
)
_END_FROM = Statement(delete(tables.logins).where(tables.logins.c.provider_session == bindparam("provider_session")))
_COUNT_LOGINS = Statement(select(func.count()).select_from(tables.logins))


class LoginRows(Keyed[Login]):
    """Login sessions."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _LOGINS)

    async def of(self, user: str) -> list[Login]:
        """The login sessions of a user, oldest first."""
        return [_LOGINS.codec.value(row) for row in await self._connection.rows(_LOGINS_OF, {"of_user": user})]

    async def all(self) -> list[Login]:
        """All login sessions, oldest first."""
        return [_LOGINS.codec.value(row) for row in await self._connection.rows(_ALL_LOGINS, {})]

    async def end(self, user: str, api_token: str | None = None, but: str = "") -> None:
        """Removes login sessions of a user."""
        await self._connection.run(_END_LOGINS, {"of_user": user, "started_by": api_token, "but": but})

    async def end_from(self, provider_session: str) -> None:
        """Removes the login sessions that came from a session at a provider."""
        await self._connection.run(_END_FROM, {"provider_session": provider_session})

    async def trim(self, user: str, most: int) -> None:
        """Removes the user's login sessions but those that were touched last."""
        await self._connection.run(_TRIM_LOGINS, {"of_user": user, "most": most})

    async def forget(self, before: int, most: int | None = None) -> int:
        """Removes the login sessions that were last touched before a time."""
        return await self._connection.run(_FORGET_LOGINS, {"before": before, "most": _EVERY if most is None else most})

    async def count(self) -> int:
        """Returns the number of login sessions."""
        row = await self._connection.row(_COUNT_LOGINS, {})
        return int(row[0]) if row else 0


_USERS = Statements(tables.users, User, key="folded_name")
_ALL_USERS = Statement(select(*_USERS.columns).order_by(tables.users.c.folded_name))

_FROM_OUTSIDE = Statement(
    select(*_USERS.columns).where(tables.users.c.source == bindparam("source"), tables.users.c.subject == bindparam("subject"))
)


class UserRows:
    """Users."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._users: Keyed[User] = Keyed(connection, _USERS)

    async def get(self, name: str) -> User | None:
        """The user, or None."""
        return await self._users.get(fold(name))

    async def from_outside(self, source: str, subject: str) -> User | None:
        """The user of a provider, or None."""
        row = await self._connection.row(_FROM_OUTSIDE, {"source": source, "subject": subject})
        return None if row is None else _USERS.codec.value(row)

    async def put(self, user: User) -> None:
        """Adds the user, or replaces the one of the same name."""
        await self._users.remove(user.folded_name)
        await self._users.add(user)

    async def remove(self, name: str) -> None:
        """Removes the user."""
        await self._users.remove(fold(name))

    async def all(self) -> list[User]:
        """All users."""
        return [_USERS.codec.value(row) for row in await self._connection.rows(_ALL_USERS, {})]


_USED = tables.used_logins
_USE = Statement(upsert(_USED).values(state=bindparam("state"), until=bindparam("until")).on_conflict_do_nothing())
_FORGET_USED = _forgetting(_USED, _USED.c.until, _USED.c.state)
_FORGOTTEN_AT_ONCE = 100


class UsedLoginRows:
    """Logins that have ended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def use(self, state: str, until: int, now: int) -> bool:
        """Keeps a login as used."""
        await self._connection.run(_FORGET_USED, {"before": now, "most": _FORGOTTEN_AT_ONCE})
        return await self._connection.run(_USE, {"state": state, "until": until}) > 0


_TOKENS = tables.tokens
_FIND_TOKEN = Statement(
    select(_TOKENS.c.identifier).where(
        and_(
            _TOKENS.c.user == bindparam("user"),
            _TOKENS.c.operation == bindparam("operation"),
            _TOKENS.c.value == bindparam("value"),
        )
    )
)
_TOKEN_COLUMNS = ("user", "operation", "value", "identifier", "created")
_ADD_TOKEN = Statement(insert(_TOKENS).values({name: bindparam(name) for name in _TOKEN_COLUMNS}))
_FORGET_TOKENS_OF = Statement(delete(_TOKENS).where(_TOKENS.c.user == bindparam("of_user")))
_FORGET_TOKENS = _forgetting(_TOKENS, _TOKENS.c.created, _TOKENS.c.user, _TOKENS.c.operation, _TOKENS.c.value)


class TokenRows:
    """Client tokens."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, token: Token) -> str | None:
        """The identifier that was created for the token."""
        key = {"user": token.user, "operation": token.operation, "value": token.value}
        row = await self._connection.row(_FIND_TOKEN, key)
        return None if row is None else str(row[0])

    async def add(self, token: Token, identifier: str, now: int) -> None:
        """Keeps the identifier for the token."""
        values = {
            "user": token.user,
            "operation": token.operation,
            "value": token.value,
            "identifier": identifier,
            "created": now,
        }
        await self._connection.run(_ADD_TOKEN, values)

    async def forget_user(self, user: str) -> None:
        """Drops the tokens of a user."""
        await self._connection.run(_FORGET_TOKENS_OF, {"of_user": user})

    async def forget(self, before: int, most: int | None = None) -> int:
        """Drops the tokens of before a time."""
        return await self._connection.run(_FORGET_TOKENS, {"before": before, "most": _EVERY if most is None else most})


_STATE = tables.state
_JOBS = tables.jobs
_GET_STATE = Statement(select(_STATE.c.value).where(_STATE.c.key == bindparam("name")))
_insert_state = upsert(_STATE).values(key=bindparam("name"), value=bindparam("new"))
_PUT_STATE = Statement(
    _insert_state.on_conflict_do_update(index_elements=["key"], set_={"value": _insert_state.excluded.value})
)
_insert_job = upsert(_JOBS).values(name=bindparam("job"), owner=bindparam("new_owner"), until=bindparam("new_until"))
_CLAIM = Statement(
    _insert_job.on_conflict_do_update(
        index_elements=["name"],
        set_={"owner": _insert_job.excluded.owner, "until": _insert_job.excluded.until},
        where=or_(_JOBS.c.owner == _insert_job.excluded.owner, _JOBS.c.until < bindparam("now")),
    )
)
_JOB_OWNERS = Statement(select(_JOBS.c.owner).distinct())
_LET_JOBS_GO = Statement(delete(_JOBS).where(_JOBS.c.owner == bindparam("gone")))


def _touch(table: str, key: str) -> Statement:
    rows = tables.metadata.tables[table]
    earlier = rows.c.touched < bindparam("moment")
    return Statement(
        update(rows).where(rows.c[key] == bindparam("name"), earlier).values(touched=bindparam("moment")), routine=True
    )


_TOUCH_SESSIONS = [_touch("update_sessions", "id"), _touch("download_sessions", "id")]
_TOUCH_LOGIN = _touch("logins", "token_hash")
_PROGRESS = Statement(
    update(tables.update_files)
    .where(
        tables.update_files.c.id == bindparam("file_id"),
        tables.update_files.c.status == bindparam("transferring"),
        tables.update_files.c.writer.is_not(None),  # else a client has heard a number, and an older one comes too late
    )
    .values(received=bindparam("size")),
    routine=True,
)


class StateRows:
    """Small values of the server itself, the leases of jobs, and the touches of sessions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, key: str) -> str | None:
        """The value, or None."""
        row = await self._connection.row(_GET_STATE, {"name": key})
        return None if row is None else str(row[0])

    async def put(self, key: str, value: str) -> None:
        """Sets the value."""
        await self._connection.run(_PUT_STATE, {"name": key, "new": value})

    async def claim(self, job: str, owner: str, now: int, until: int) -> bool:
        """Acquires or renews the lease of a job."""
        values = {"job": job, "new_owner": owner, "new_until": until, "now": now}
        return await self._connection.run(_CLAIM, values) == 1

    async def owners(self) -> set[str]:
        """The processes that hold leases of jobs."""
        return {row[0] for row in await self._connection.rows(_JOB_OWNERS, {})}

    async def let_go(self, owners: Collection[str]) -> None:
        """Ends the leases of these processes."""
        for gone in owners:
            await self._connection.run(_LET_JOBS_GO, {"gone": gone})

    async def touch(self, touches: Touches) -> None:
        """Notes when sessions and login sessions were last active."""
        for name, moment in touches.sessions.items():
            for statement in _TOUCH_SESSIONS:
                await self._connection.run(statement, {"name": name, "moment": moment})
        for name, moment in touches.logins.items():
            await self._connection.run(_TOUCH_LOGIN, {"name": name, "moment": moment})
        for file_id, size in touches.progress.items():
            await self._connection.run(_PROGRESS, {"file_id": file_id, "size": size, "transferring": "TRANSFERRING"})

    async def move(self, by: int) -> None:
        """Moves every deadline."""
        for statement in moving.MOVE:
            await self._connection.run(statement, {"by": by})

    async def rest(self, by: int, now: int) -> None:
        """Moves the touches of active sessions."""
        for statement in moving.REST:
            await self._connection.run(statement, {"by": by, "now": now})
