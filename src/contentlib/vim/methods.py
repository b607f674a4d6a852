"""Implements the supported methods of vSphere's Web Services. All others are NotSupported."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from lxml import etree

from contentlib.access.clone_tickets import CloneTickets
from contentlib.access.logins import Logins
from contentlib.access.refusals import OnRefusal, unnoticed
from contentlib.access.saml import SamlTokens
from contentlib.http.message import Gone, never
from contentlib.library.clock import Clock
from contentlib.library.model import Login
from contentlib.safe_xml import UnsafeXml, parse
from contentlib.vapi.errors import ServiceUnavailable, Unauthenticated
from contentlib.vapi.types import DateTime
from contentlib.vim import collector, messages, upstream
from contentlib.vim.collector import child, every, text
from contentlib.vim.datastore_browser import DatastoreBrowser, search_of
from contentlib.vim.faults import (
    VimFault,
    invalid_argument,
    invalid_login,
    invalid_property,
    no_method,
    no_permission,
    no_session,
    not_authenticated,
    not_found,
    not_supported,
    unavailable,
)
from contentlib.vim.filters import CollectorFilters
from contentlib.vim.list_views import ListViews
from contentlib.vim.managers import SERVICE_CONTENT
from contentlib.vim.objects import ROOT_FOLDER, SINGLETONS, World, children
from contentlib.vim.properties import OPEN, read
from contentlib.vim.recent_tasks import RecentTasks
from contentlib.vim.task_history import TaskHistory, methods_of
from contentlib.vim.updates import PropertyUpdates
from contentlib.vim.values import Array, Data, Long, Reference, Typed, Value
from contentlib.vim.views import ViewManager

MayLook = Callable[[Login], Awaitable[bool]]
_ON_SESSIONS = ("AcquireCloneTicket", "Logout", "SessionIsActive", "TerminateSession")
_LONGEST_TOKEN = 1 << 20
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Entrance:
    """Finds callers, says what they may see, and notes those who are refused."""

    logins: Logins
    saml: SamlTokens
    tickets: CloneTickets
    filters: CollectorFilters
    lists: ListViews
    tasks: RecentTasks
    history: TaskHistory
    may_look: MayLook
    refused: OnRefusal = unnoticed


@dataclass(frozen=True, slots=True)
class Caller:
    """The address and the program of a caller."""

    address: str
    agent: str
    gone: Gone = never


@dataclass(slots=True)
class SoapCall:
    """A call: its target, its arguments, and the login session that came with it; `new_token` starts one, "" ends one."""

    target: Reference
    arguments: etree._Element
    login: Login | None
    caller: Caller
    new_token: str | None = None
    large: bool = False
    """Whether the result may be large."""


Method = Callable[[SoapCall], Awaitable[Value | None]]


class Methods:
    """The methods, by name."""

    def __init__(self, world: World, pbm: Data, entrance: Entrance, browser: DatastoreBrowser, clock: Clock) -> None:
        self._world = world
        self._pbm = pbm
        self._entrance = entrance
        self._logins = entrance.logins
        self._clock = clock
        self._may_look = entrance.may_look
        self._browser = browser
        self._anonymous: dict[str, Method] = {
            "CloneSession": self._clone_session,
            "CurrentTime": self._current_time,
            "Login": self._login,
            "LoginByToken": self._login_by_token,
            "PbmRetrieveServiceContent": self._pbm_content,
            "RetrieveServiceContent": self._content,
        }
        self._methods: dict[str, Method] = {
            "AcquireCloneTicket": self._acquire_clone_ticket,
            "ContinueRetrievePropertiesEx": self._continue,
            "CancelTask": self._cancel_task,
            "Fetch": self._fetch,
            "FindByInventoryPath": self._find_by_path,
            "Logout": self._logout,
            "RetrieveProperties": self._retrieve,
            "RetrievePropertiesEx": self._retrieve_some,
            "SearchDatastore_Task": partial(self._search, recursive=False),
            "SearchDatastoreSubFolders_Task": partial(self._search, recursive=True),
            "SessionIsActive": self._session_is_active,
            "TerminateSession": self._terminate_sessions,
            **PropertyUpdates(entrance.filters, self._collected).methods,
            **ViewManager(world, entrance.lists, self._seen).methods,
            **methods_of(entrance.history),
        }

    @property
    def names(self) -> list[str]:
        """The supported methods, in alphabetical order."""
        return sorted({*self._anonymous, *self._methods})

    async def run(self, name: str, call: SoapCall) -> Value | None:
        """Runs a method. Raises VimFault for an error."""
        method = self._anonymous.get(name)
        if method is None:
            method = self._methods.get(name)
            if method is None:
                raise _unknown(name, call.target)
            if call.login is None and not _is_open(name, call):
                raise not_authenticated(call.target)
            await self._check_looking(name, call)
        return await method(call)

    async def _check_looking(self, name: str, call: SoapCall) -> None:
        """Those who may read nothing see no more of the inventory than those who are not logged in."""
        if call.login is None or name in _ON_SESSIONS or _is_open(name, call):
            return
        if not await self._may_look(call.login):
            raise no_permission(call.target, "System.Read")

    async def _seen(self, call: SoapCall, targets: Iterable[Reference]) -> World:
        """Returns the current world as a caller sees it, with the tasks among the targets of the call.

        Without a login, datastores are not visible.
        """
        if call.login is None:
            return replace(self._world, now=self._clock.now())
        named = list(targets)
        lists = await self._entrance.lists.of(call.login.token_hash, named)
        named += (each for listed in lists.values() for each in listed)
        searches = await self._browser.tasks(call.login, named)
        tasks = await self._entrance.tasks.for_targets(call.login, named)
        pages = await self._entrance.history.latest(call.login, named)
        call.large = call.large or bool(searches)
        session, spaces = _user_session(call.login, call.caller), await self._world.inventory.spaces()
        others = [_user_session(each) for each in await self._others(call.login)]
        world = replace(self._world, spaces=spaces, searches=searches, tasks=tasks, lists=lists, pages=pages)
        return replace(world, now=self._clock.now(), session=session, sessions=(session, *others))

    async def _others(self, login: Login) -> list[Login]:
        """The other sessions of a user."""
        return [each for each in await self._logins.of(login.user) if each.token_hash != login.token_hash]

    async def _content(self, _call: SoapCall) -> Value:
        return self._world.content

    async def _pbm_content(self, _call: SoapCall) -> Value:
        return self._pbm

    async def _current_time(self, _call: SoapCall) -> Value:
        return DateTime(self._clock.now())

    async def _login(self, call: SoapCall) -> Value:
        name, password = text(call.arguments, "userName", ""), child(call.arguments, "password")
        try:
            secret = "" if password is None else password.text or ""
            token = await self._logins.start((name or "", secret), call.caller.address, call.caller.gone)
        except Unauthenticated as error:
            raise invalid_login() from error
        except ServiceUnavailable as error:
            raise unavailable(error) from error
        return await self._started(call, token)

    async def _login_by_token(self, call: SoapCall) -> Value:
        """Logs in with the SAML token in the header of the request."""
        try:
            owner = await self._entrance.saml.sender_of(call.arguments.getroottree().getroot())
            token = await self._logins.start_admitted(owner.user, call.caller.address, owner.api_token)
        except Unauthenticated as error:
            raise invalid_login(error) from error
        return await self._started(call, token)

    async def _acquire_clone_ticket(self, call: SoapCall) -> Value:
        if call.login is None:
            raise not_authenticated(call.target)
        return await self._entrance.tickets.issue(call.login)

    async def _clone_session(self, call: SoapCall) -> Value:
        """Logs in with a ticket that another session has acquired."""
        try:
            token = await self._entrance.tickets.redeem(text(call.arguments, "cloneTicket", "") or "", call.caller.address)
        except Unauthenticated as error:
            raise invalid_login(error) from error
        return await self._started(call, token)

    async def _started(self, call: SoapCall, token: str) -> Value:
        call.new_token = token
        return _user_session(await self._logins.find(token), call.caller)

    async def _logout(self, call: SoapCall) -> None:
        if call.login is not None:
            await self._logins.end(call.login.token_hash)
        call.new_token = ""

    async def _session_is_active(self, call: SoapCall) -> Value:
        key, login = text(call.arguments, "sessionID"), call.login
        return login is not None and key == _key(login) and text(call.arguments, "userName") == login.user

    async def _terminate_sessions(self, call: SoapCall) -> None:
        """Ends other sessions of the caller's user; the caller's own one is ended by Logout."""
        if call.login is None:
            raise not_authenticated(call.target)
        others = {_key(each): each for each in await self._others(call.login)}
        for element in every(call.arguments, "sessionId"):
            key = (element.text or "").strip()
            if key == _key(call.login):
                raise invalid_argument("sessionId", messages.OWN_SESSION(argument="sessionId", given=key))
            if key not in others:
                raise no_session(key)
            await self._logins.end(others[key].token_hash)

    async def _cancel_task(self, call: SoapCall) -> None:
        if call.login is None:
            raise not_authenticated(call.target)
        await self._entrance.tasks.cancel(call.login, call.target)

    async def _fetch(self, call: SoapCall) -> Value | None:
        world = await self._seen(call, [call.target])
        if not world.exists(call.target):
            raise not_found(call.target)
        name = text(call.arguments, "prop", "") or ""
        try:
            value = read(world, call.target, name)
        except KeyError as error:
            raise invalid_property(call.target.type, name) from error
        return None if value is None else Typed(value)

    async def _find_by_path(self, call: SoapCall) -> Value | None:
        at = ROOT_FOLDER
        path = (text(call.arguments, "inventoryPath", "") or "").strip("/")
        for step in path.split("/") if path else ():
            name = step.replace("%2f", "/").replace("%2F", "/")
            below = [each for each in children(self._world, at) if read(self._world, each, "name") == name]
            if not below:
                return None
            at = below[0]
        return at

    async def _retrieve(self, call: SoapCall) -> Value:
        return Array("ObjectContent", await self._collected(call, call.arguments))

    async def _retrieve_some(self, call: SoapCall) -> Value | None:
        options = child(call.arguments, "options")
        most = text(options, "maxObjects") if options is not None else None
        return await self._page(call, call.arguments, 0, int(most) if most and _NUMBER.fullmatch(most) else 0)

    async def _continue(self, call: SoapCall) -> Value | None:
        offset, most, arguments = _opened(text(call.arguments, "token", "") or "")
        return await self._page(call, arguments, offset, most)

    async def _collected(self, call: SoapCall, arguments: etree._Element) -> list[Data]:
        filters = _filters(arguments)
        world = await self._seen(call, (start.target for wanted in filters for start in wanted.starts))
        budget = collector.Budget()
        found = [each for wanted in filters for each in collector.collect(world, wanted, budget)]
        call.large = call.large or budget.is_large
        return found

    async def _search(self, call: SoapCall, *, recursive: bool) -> Value:
        if not self._world.exists(call.target):
            raise not_found(call.target)
        return self._browser.start(search_of(call.arguments, recursive=recursive, now=self._clock.now()))

    async def _page(self, call: SoapCall, arguments: etree._Element, offset: int, most: int) -> Data | None:
        """Returns a page of results. Its token contains the request, so that every process can continue."""
        found = await self._collected(call, arguments)
        if not found:
            return None
        end = offset + most if most else len(found)
        token = _token(end, most, arguments) if end < len(found) else None
        return Data("RetrieveResult", {"token": token, "objects": Array("ObjectContent", found[offset:end])})


def _unknown(name: str, target: Reference) -> VimFault:
    """The fault for a method that is not here: of a vCenter, or of nothing."""
    if not upstream.is_method(name):
        return no_method(target, name)
    of = f" of {target.type[:80]}" if target.type else ""
    return not_supported(messages.NOT_SUPPORTED(method=f"{name}{of}"))


def _filters(arguments: etree._Element) -> list[collector.Filter]:
    return [collector.filter_of(each) for each in every(arguments, "specSet")]


def _is_open(name: str, call: SoapCall) -> bool:
    """Whether a call only reads what needs no login."""
    if name == "Fetch":
        return text(call.arguments, "prop") in OPEN.get(call.target.type, ())
    if name in ("RetrieveProperties", "RetrievePropertiesEx"):
        return all(wanted.asks_only(OPEN) for wanted in _filters(call.arguments))
    return False


def service_content(about: Data) -> Data:
    """Returns the service content, the entry point of clients."""
    return Data(
        "ServiceContent",
        {
            "rootFolder": ROOT_FOLDER,
            "propertyCollector": SINGLETONS["PropertyCollector"],
            "viewManager": SINGLETONS["ViewManager"],
            "about": about,
            **SERVICE_CONTENT,
        },
    )


def _key(login: Login) -> str:
    """Returns the public key of a session, from which its secret cannot be derived."""
    return f"{login.token_hash[:8]}-{login.token_hash[8:20]}"


def _user_session(login: Login, caller: Caller | None = None) -> Data:
    """The data object; where another session's calls come from is not known."""
    return Data(
        "UserSession",
        {
            "key": _key(login),
            "userName": login.user,
            "fullName": login.user,
            "loginTime": DateTime(login.created),
            "lastActiveTime": DateTime(login.touched),
            "locale": "en",
            "messageLocale": "en",
            "extensionSession": False,
            "ipAddress": caller.address if caller else "",
            "userAgent": caller.agent if caller else "",
            "callCount": Long(0),  # not counted here, and clients want a number
        },
    )


def _token(offset: int, most: int, arguments: etree._Element) -> str:
    packed = base64.urlsafe_b64encode(zlib.compress(etree.tostring(arguments))).decode()
    return f"{offset}.{most}.{packed}"


def _opened(token: str) -> tuple[int, int, etree._Element]:
    try:
        offset, most, packed = token.split(".")
        if not (_NUMBER.fullmatch(offset) and _NUMBER.fullmatch(most)):
            raise ValueError(token)
        unpacked = zlib.decompressobj().decompress(base64.urlsafe_b64decode(packed), _LONGEST_TOKEN)
        return int(offset), int(most), parse(unpacked)
    except (ValueError, zlib.error, binascii.Error, UnsafeXml) as error:
        raise invalid_argument("token", messages.UNKNOWN_TOKEN(argument="token")) from error
