"""Checks each call: that its login session is valid, and that the user has the declared privileges on the objects of the call.

A call that is not allowed fails with Unauthorized if the caller may read the object, and with Missing otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from msgspec.structs import replace

from contentlib.access import messages
from contentlib.access.generation_cache import GenerationCache
from contentlib.access.logins import Logins
from contentlib.access.refusals import OnRefusal, unnoticed
from contentlib.access.rights import Decisions, Rights
from contentlib.access.roles import ADMINISTERING, EVERYBODY, READ, VIEW_ACCESS
from contentlib.access.scopes import (
    API_TOKEN,
    DOWNLOAD_SESSION,
    FINDERS,
    GONE,
    LASTING,
    LIBRARY,
    LOGIN,
    NAMES,
    UPDATE_SESSION,
    Scope,
    Scopes,
)
from contentlib.library.actors import Authority, authority, set_actor, set_authority, submitter
from contentlib.library.errors import Missing
from contentlib.library.model import Actor, Login, Need, Submitter
from contentlib.library.ports import Transaction
from contentlib.vapi.declare import About, Operation
from contentlib.vapi.errors import Unauthorized
from contentlib.vapi.registry import Call

_SEEN_BY = {
    UPDATE_SESSION: (READ, ADMINISTERING),
    DOWNLOAD_SESSION: (READ, ADMINISTERING),
    API_TOKEN: (VIEW_ACCESS,),
    LOGIN: (VIEW_ACCESS,),
}
"""The privileges by which a thing that belongs to another user is listed; all others are listed by System.Read."""


_HIDDEN = "not_found"
_MOST = 20_000


class AccessGate:
    """Admits calls, or rejects them with an error."""

    def __init__(self, logins: Logins, decisions: Decisions, scopes: Scopes, refused: OnRefusal = unnoticed) -> None:
        self._logins = logins
        self._refused = refused
        self._decisions = decisions
        self._scopes = scopes
        self._on_sessions: dict[str, About | None] = {}
        self._admitted: GenerationCache[tuple[str, str, str, str], bool] = GenerationCache(decisions.generation, _MOST)

    async def authenticate(self, call: Call) -> None:
        """Sets the call's user and login session; unauthenticated where its token is not that of a live session."""
        if call.operation:  # else it is still the sender of the request
            set_authority(Authority(partial(_actor, call)))
        login = self._logins.known(call.token) or await self._logins.caller(call.token, call.bearer, call.client)
        call.user, call.login, call.api_token = login.user, login.token_hash, login.api_token or ""

    async def admit(self, call: Call, operation: Operation, arguments: dict[str, Any]) -> None:
        """Returns where the call may go on; unauthenticated where it was not authenticated before, and is not now.

        Else Unauthorized, or Missing where the thing is not there for this caller.
        """
        if operation.anonymous:
            set_actor(partial(_actor, call, operation, arguments))
            return
        set_authority(self._authority(call, operation, arguments))
        if not call.user:
            await self.authenticate(call)
        rights = self._decisions.known(call.user, call.api_token) or await self.rights(call)
        if rights.total:
            return
        session = self._session_of(operation, arguments)
        if session is None:
            await self._check_all(rights, call, operation, arguments)
            return
        key = (call.user, call.api_token, operation.id, session)
        if not self._admitted.get(key):
            await self._admitted.fill(key, self._admit_to_session(rights, call, operation, arguments, session))

    def _session_of(self, operation: Operation, arguments: dict[str, Any]) -> str | None:
        """The session that all privileges of a call are asked on, if there is one. Clients call it again and again."""
        if operation.id not in self._on_sessions:
            self._on_sessions[operation.id] = _about_session(operation)
        about = self._on_sessions[operation.id]
        return None if about is None else about.thing(arguments)

    async def _check_all(self, rights: Rights, call: Call, operation: Operation, arguments: dict[str, Any]) -> None:
        for need in needs(operation, arguments):
            await self._check(rights, call.user, need, operation.id)

    async def _admit_to_session(
        self, rights: Rights, call: Call, operation: Operation, arguments: dict[str, Any], session: str
    ) -> bool | None:
        """True where the caller is admitted for as long as nobody's access changes; None where a library may change it."""
        await self._check_all(rights, call, operation, arguments)
        return True if operation.about and self._scopes.known(operation.about.resource, session) else None

    async def sift(self, call: Call, operation: Operation, answer: Any) -> Any:
        """What the caller may see of the answer of an operation that `shows` things."""
        kind = operation.shows
        if kind is None or not answer:
            return answer
        seen = await self.visible(call, kind, [_identifier(each) for each in answer])
        if isinstance(answer, dict):
            return {name: each for name, each in answer.items() if name in seen}
        return [each for each in answer if _identifier(each) in seen]

    async def visible(self, call: Call, kind: str, things: list[str]) -> set[str]:
        """Those of some things of a type that the caller may see."""
        rights = await self.rights(call)
        if rights.total:
            return set(things)
        if kind == LIBRARY:
            return {each for each in things if rights.has(READ, each)}
        scopes = await self._scopes.all(kind, things)
        return {thing for thing, scope in scopes.items() if _is_visible(rights, call.user, kind, scope)}

    async def demand(self, call: Call, need: Need, what_for: str) -> None:
        """Unauthorized or Missing where the caller lacks a privilege that only the arguments of a call tell of."""
        rights = await self.rights(call)
        if not rights.total:
            await self._check(rights, call.user, need, what_for)
        set_authority(replace(authority(), submitter=partial(_needing, submitter(), need)))

    def _authority(self, call: Call, operation: Operation, arguments: dict[str, Any]) -> Authority:
        check = authority().check or partial(self._check_writer, call)  # that of a task asks for more
        return Authority(partial(_actor, call, operation, arguments), partial(_submitter, call, operation, arguments), check)

    async def _check_writer(self, call: Call, transaction: Transaction) -> None:
        """Unauthenticated where the user was removed or disabled since the call was admitted."""
        if not await self._decisions.is_writer(transaction, call.user, call.api_token):
            raise self._logins.refused(messages.USER_DISABLED(user=call.user))

    async def recheck(self, asked: Submitter, transaction: Transaction) -> None:
        """Like `readmit`, inside a writing transaction of the task."""
        if not await self._decisions.is_writer(transaction, asked.user, asked.api_token):
            raise _gone(asked)
        await self.readmit(asked)

    async def readmit(self, asked: Submitter) -> None:
        """Unauthorized where the user who submitted a task, or the API token, may not do by now what it was submitted for."""
        rights = await self._decisions.of(asked.user, asked.api_token)
        if rights is None:
            raise _gone(asked)
        if rights.total:
            return
        try:
            await self._check_needs(rights, asked)
        except Unauthorized as error:
            if await self._decisions.of(asked.user, asked.api_token) is None:  # the user went in the middle of the check
                raise _gone(asked) from error
            raise

    async def _check_needs(self, rights: Rights, asked: Submitter) -> None:
        for need in asked.needs:
            try:
                await self._check(rights, asked.user, need, asked.operation)
            except Missing as error:
                if await self._scopes.exists(str(need.resource), str(need.thing)):  # what is gone is refused by the rules
                    raise missing_privilege(asked.user, need, asked.operation) from error

    async def keep(self, need: Need, what_for: str) -> None:
        """Unauthorized where the user whose session it is lacks a privilege on its library by now."""
        scope = await self._scopes.find(str(need.resource), str(need.thing))
        if scope is None or not scope.owner:  # a session that is gone is refused by the rules
            return
        rights = await self._decisions.of(scope.owner)
        if rights is None or not (rights.total or _holds(rights, scope.owner, need.privilege, scope)):
            raise missing_privilege(scope.owner, need, what_for)

    async def may_look(self, login: Login) -> bool:
        """Whether the user of a login session may read what is in no library; unauthenticated where it may do nothing more."""
        return (await self.rights(_call_of(login))).has(READ)

    async def seen_by(self, login: Login, kind: str, things: list[str]) -> set[str]:
        """Those of some things of a type that the user of a login session may see."""
        return await self.visible(_call_of(login), kind, things)

    async def check(self, login: Login, need: Need, what_for: str) -> None:
        """Unauthorized or Missing where the user of a login session lacks a privilege."""
        rights = await self.rights(_call_of(login))
        if not rights.total:
            await self._check(rights, login.user, need, what_for)

    async def readable(self, login: Login, libraries: list[str]) -> set[str]:
        """Those of some libraries that the user of a login session may read."""
        return await self.seen_by(login, LIBRARY, libraries)

    async def rights(self, call: Call) -> Rights:
        """The rights of a caller; unauthenticated where the user or the API token cannot be used any more."""
        rights = await self._decisions.of(call.user, call.api_token)
        if rights is None:
            raise self._logins.refused(messages.USER_DISABLED(user=call.user))
        return rights

    async def _check(self, rights: Rights, user: str, need: Need, what_for: str) -> None:
        privilege, kind, thing = need.privilege, need.resource, need.thing
        if kind is None or kind not in FINDERS:
            allowed = rights.has(privilege)
        elif thing is None:
            allowed = privilege in (rights.anywhere if need.lists else rights.everything)
        else:
            scope = self._scopes.known(kind, thing) or await self._scopes.find(kind, thing)
            lacks = privilege if scope is None else _lacking(rights, user, need, scope)
            if lacks is not None:
                await self._refuse(rights, user, replace(need, privilege=lacks), scope, what_for)
            return
        if not allowed:
            raise missing_privilege(user, need, what_for)

    async def _refuse(self, rights: Rights, user: str, need: Need, scope: Scope | None, what_for: str) -> None:
        kind, thing = str(need.resource), str(need.thing)
        if scope is None:
            raise Missing(NAMES[kind], thing)
        if _holds(rights, user, READ, scope) and await self._scopes.exists(kind, thing):
            raise missing_privilege(user, need, what_for)
        if await self._scopes.exists(kind, thing):  # the caller hears that it does not exist
            await self._refused(_HIDDEN)
        raise Missing(NAMES[kind], thing)


def _about_session(operation: Operation) -> About | None:
    """What an operation says that it is about, if that is a session and all privileges are asked on it."""
    about, asked = operation.about, (*operation.privileges, *operation.also)
    on_it = about is not None and about.resource in LASTING and all(each.resource is None for each in asked)
    return about if on_it else None


def needs(operation: Operation, arguments: dict[str, Any]) -> list[Need]:
    """What a call needs, in the order in which it is declared."""
    about, lists, found = operation.about, operation.shows is not None, []
    for each in (*operation.privileges, *operation.also):
        if each.resource is not None:
            found.append(Need(each.name, each.resource, each.thing(arguments), lists=lists))
        elif about is None:
            found.append(Need(each.name))
        elif each.name not in EVERYBODY:
            found.append(Need(each.name, about.resource, about.thing(arguments), about.others))
    if about is not None and about.privilege is not None:
        found.append(Need(about.privilege, about.resource, about.thing(arguments), about.others))
    return found


def _call_of(login: Login) -> Call:
    """A call of no operation, by the user of a login session."""
    return Call("", "", user=login.user, api_token=login.api_token or "")


def _actor(call: Call, operation: Operation | None = None, arguments: dict[str, Any] | None = None) -> Actor:
    things = () if operation is None else tuple(things_of(operation, arguments or {}))
    name = call.operation if operation is None else operation.id
    session = "" if call.login == call.api_token else call.login
    return Actor(call.user, call.api_token, session, call.client, name, call.request_id, things)


def things_of(operation: Operation, arguments: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """The types and identifiers of the things that a call is about, as its operation declares them."""
    named = (*operation.privileges, *operation.also, *(() if operation.about is None else (operation.about,)))
    found = ((each.resource, each.thing(arguments)) for each in named)
    return dict.fromkeys((_type_name(kind), thing) for kind, thing in found if kind and thing)


def _type_name(kind: str) -> str:
    return NAMES.get(kind) or kind.rpartition(".")[2].lower()


def _submitter(call: Call, operation: Operation, arguments: dict[str, Any]) -> Submitter:
    asked = tuple(needs(operation, arguments))
    return Submitter(call.user, call.api_token, operation.id, asked, call.client, call.request_id)


def _needing(asked: Submitter | None, need: Need) -> Submitter | None:
    return None if asked is None else replace(asked, needs=(*asked.needs, need))


def missing_privilege(user: str, need: Need, what_for: str) -> Unauthorized:
    """What a user hears who lacks a privilege; it names the privilege, and the thing that it is missing on."""
    name = need.privilege
    if not (need.resource and need.thing):
        return Unauthorized(messages.PRIVILEGE_MISSING(user=user, privilege=name, operation=what_for))
    kind, thing = need.resource, need.thing
    return Unauthorized(messages.PRIVILEGE_MISSING_ON(user=user, privilege=name, operation=what_for, type=kind, thing=thing))


def _lacking(rights: Rights, user: str, need: Need, scope: Scope) -> str | None:
    """The privilege that a user lacks on a scope, if any; on what belongs to another user, one more may be needed."""
    if not _holds(rights, user, need.privilege, scope):
        return need.privilege
    foreign = need.others is not None and scope.owner not in (None, user)
    return need.others if foreign and not _holds(rights, user, str(need.others), scope) else None


def _gone(asked: Submitter) -> Unauthorized:
    return Unauthorized(messages.SUBMITTER_GONE(user=asked.user, operation=asked.operation))


def _holds(rights: Rights, user: str, privilege: str, scope: Scope) -> bool:
    library, owner = scope
    if library is None:
        return owner == user or privilege in rights.everything
    if library == GONE and owner == user:  # who may still do it elsewhere may finish it here
        return privilege in rights.anywhere
    return rights.has(privilege, library)


def _is_visible(rights: Rights, user: str, kind: str, scope: Scope) -> bool:
    wanted = (READ,) if scope.owner == user else _SEEN_BY.get(kind, (READ,))
    return all(_holds(rights, user, each, scope) for each in wanted)


def _identifier(listed: Any) -> str:
    return listed if isinstance(listed, str) else str(listed.id)
