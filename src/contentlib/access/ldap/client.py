"""Asks an LDAP directory. All calls block, and are made in threads.

Every connection is encrypted before a password is sent, and the certificate is checked against the host name. Referrals are not
followed: they could lead a password to another server.
"""

from __future__ import annotations

import enum
import re
import secrets
import socket
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import ldap3
from ldap3.core.exceptions import LDAPException
from pyasn1.error import PyAsn1Error

from contentlib.access.ldap.escaping import fill_filter, fill_name
from contentlib.access.ldap.policy_control import EXPIRED, LOCKED, MUST_CHANGE, REQUEST, policy_error
from contentlib.settings.ldap import LdapAddress, LdapProvider

_PAGES = "1.2.840.113556.1.4.319"
_PAGE_SIZE = 500
_MOST_GROUPS = 5000
_DEEPEST = 20
_AT_ONCE = 50  # groups whose groups are found by one search
_AVOIDED_SECONDS = 60.0
_REFUSING = {19, 32, 34, 48, 49, 50, 53}  # results of a bind that are about the user, not about the directory
_SUCCESS, _SIZE_LIMIT = 0, 4
_AD_REASON = re.compile(r"AcceptSecurityContext error, data ([0-9a-f]+)")
Entry = dict[str, Any]


class Reason(enum.Enum):
    """Why a directory refuses a user. Except for WRONG and LOCKED, the password was right."""

    WRONG = enum.auto()
    LOCKED = enum.auto()
    PASSWORD_EXPIRED = enum.auto()
    ACCOUNT_DISABLED = enum.auto()
    NOT_NOW = enum.auto()


_AD_REASONS = {
    "530": Reason.NOT_NOW,
    "531": Reason.NOT_NOW,
    "532": Reason.PASSWORD_EXPIRED,
    "533": Reason.ACCOUNT_DISABLED,
    "701": Reason.ACCOUNT_DISABLED,
    "773": Reason.PASSWORD_EXPIRED,
}
"""Codes of Active Directory. A locked account (775) is WRONG: the code is sent for wrong passwords too."""


_POLICY_REASONS: Mapping[int | None, Reason] = {
    EXPIRED: Reason.PASSWORD_EXPIRED,
    LOCKED: Reason.LOCKED,
    MUST_CHANGE: Reason.PASSWORD_EXPIRED,
}
"""Errors of the password policy control. LOCKED only comes from a directory that is configured to tell strangers."""


class DirectoryDown(Exception):
    """A directory cannot be asked, or is not configured as the settings say."""


class UserRefused(Exception):
    """A directory refuses a user. `told` is what it said, for the log."""

    def __init__(self, reason: Reason, told: str) -> None:
        super().__init__(told)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """What a directory says of a user whom it has authenticated."""

    subject: str
    login: str
    display_name: str
    email: str
    groups: tuple[str, ...]


@dataclass(slots=True)
class Conversation:
    """The connections of one call, which another thread can end."""

    ended: bool = False
    connections: list[ldap3.Connection] = field(default_factory=list)

    def end(self) -> None:
        """Closes all connections under the hands of the thread that waits for them."""
        self.ended = True
        for each in list(self.connections):
            with suppress(OSError, TypeError):  # not open yet, or not any more
                socket.socket.shutdown(each.socket, socket.SHUT_RDWR)  # not that of TLS, whose state another thread uses

    def close(self) -> None:
        """Closes all connections, from the thread that uses them."""
        for each in self.connections:
            with suppress(LDAPException, OSError):
                each.unbind()
            with suppress(AttributeError):  # closed already
                each.socket.close()

    def check(self) -> None:
        """Raises DirectoryDown if the conversation has been ended."""
        if self.ended:
            raise DirectoryDown("it did not answer in time")


class LdapClient:
    """Asks one directory."""

    def __init__(self, provider: LdapProvider) -> None:
        self._provider = provider
        self._context: ssl.SSLContext | None = None
        self._failed: dict[LdapAddress, float] = {}

    def authenticate(
        self, login: str, password: str, permit: Callable[[str], None], conversation: Conversation
    ) -> DirectoryUser:
        """The user of a name and a password, which must not be empty.

        `permit` is called with the name that the password is about to be tried with, and raises to prevent it. Raises
        UserRefused, or DirectoryDown.
        """
        if not password or not login:
            raise UserRefused(Reason.WRONG, "the password is empty")  # a server would take it for an anonymous bind
        with _translated():
            if self._provider.user_template is not None:
                return self._authenticate_directly(login, password, permit, conversation)
            searching = self._bound_for_searching(conversation)
            entry = self._find(searching, login)
            permit(str(entry["dn"]))
            self._bind(self._connection(conversation, str(entry["dn"]), password))
            return self._user(searching, entry, login)

    def check(self, conversation: Conversation) -> Iterator[str]:
        """Tries the settings, and describes each step that worked. Raises DirectoryDown."""
        with _translated():
            if self._provider.user_template is not None:
                connection = self._connection(conversation)
                yield f"connected to {_place(connection)}; users bind themselves, so nothing can be searched without one"
                return
            connection = self._bound_for_searching(conversation)
            yield f"connected to {_place(connection)} and bound as {self._provider.bind_dn}"
            for what, base in (("user_base", self._provider.user_base), ("group_base", self._provider.group_base)):
                if base is not None:
                    self._search(connection, base, "(objectClass=*)", [], "BASE")
                    yield f"{what} {base} exists"

    def _authenticate_directly(
        self, login: str, password: str, permit: Callable[[str], None], conversation: Conversation
    ) -> DirectoryUser:
        name = fill_name(str(self._provider.user_template), login)
        permit(name)
        connection = self._connection(conversation, name, password)
        self._bind(connection)
        return self._user(connection, self._find(connection, login), login)

    def _bound_for_searching(self, conversation: Conversation) -> ldap3.Connection:
        provider = self._provider
        try:
            connection = self._connection(conversation, provider.bind_dn, provider.password())
            self._bind(connection)
        except UserRefused as error:
            raise DirectoryDown(f"bind_dn {provider.bind_dn} was refused: {error}") from error
        except OSError as error:
            raise DirectoryDown(f"bind_password_file: {error}") from error
        return connection

    def _connection(self, conversation: Conversation, name: str | None = None, password: str | None = None) -> ldap3.Connection:
        """An encrypted connection to the first server that can be reached; those that failed lately are tried last."""
        problems = []
        now = time.monotonic()
        addresses = self._provider.addresses()
        for address in sorted(addresses, key=lambda each: self._failed.get(each, -_AVOIDED_SECONDS) + _AVOIDED_SECONDS > now):
            conversation.check()
            try:
                connection = self._connected(conversation, address, name, password)
            except (LDAPException, OSError) as error:
                self._failed[address] = time.monotonic()
                problems.append(f"{address.host}:{address.port}: {error}")
            else:
                self._failed.pop(address, None)
                return connection
        raise DirectoryDown("; ".join(problems))

    def _connected(
        self, conversation: Conversation, address: LdapAddress, name: str | None, password: str | None
    ) -> ldap3.Connection:
        seconds = self._provider.timeout_seconds / max(len(self._provider.urls), 1)
        server = ldap3.Server(
            address.host,
            port=address.port,
            use_ssl=address.tls,
            tls=_CheckedTls(self._tls()),
            get_info=ldap3.NONE,
            connect_timeout=seconds,
        )
        connection = ldap3.Connection(
            server,
            user=name,
            password=None if password is None else password.encode(),  # type: ignore[arg-type] # bytes are sent as they are
            auto_referrals=False,
            check_names=False,
            read_only=True,
            receive_timeout=max(int(seconds), 1),
        )
        conversation.connections.append(connection)
        connection.open(read_server_info=False)
        conversation.check()
        if not address.tls and self._provider.start_tls:
            connection.start_tls(read_server_info=False)
        return connection

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._provider.ca_file)
        return self._context

    def _bind(self, connection: ldap3.Connection) -> None:
        connection.bind(read_server_info=False, controls=[REQUEST])
        result = connection.result
        reason = _POLICY_REASONS.get(policy_error(result))
        if result["result"] == _SUCCESS and reason is None:
            return
        told = f"{result['description']} {result['message']}".strip()
        if reason is not None:
            raise UserRefused(reason, told)
        if result["result"] not in _REFUSING:
            raise DirectoryDown(told)
        code = _AD_REASON.search(result["message"])
        raise UserRefused(_AD_REASONS.get(code[1], Reason.WRONG) if code else Reason.WRONG, told)

    def _find(self, connection: ldap3.Connection, login: str) -> Entry:
        provider = self._provider
        wanted = [provider.login, provider.identifier, "displayName", "cn", "mail"]
        found = self._search(connection, provider.user_base, fill_filter(provider.users, login=login), wanted, most=2)
        if len(found) != 1:
            raise UserRefused(Reason.WRONG, f"{'no user' if not found else 'several users'} named {login!r} below user_base")
        return found[0]

    def _user(self, connection: ldap3.Connection, entry: Entry, login: str) -> DirectoryUser:
        provider = self._provider
        names = _texts(entry, provider.login)
        return DirectoryUser(
            subject=_identifier(entry, provider.identifier),
            login=next((each for each in names if each.casefold() == login.casefold()), next(iter(names), login)),
            display_name=next(iter([*_texts(entry, "displayName"), *_texts(entry, "cn")]), ""),
            email=next(iter(_texts(entry, "mail")), ""),
            groups=self._groups(connection, str(entry["dn"]), login),
        )

    def _groups(self, connection: ldap3.Connection, dn: str, login: str) -> tuple[str, ...]:
        """The groups of a user, each by its distinguished name and by its own one."""
        provider = self._provider
        if provider.group_base is None:
            return ()
        found = {str(each["dn"]): each for each in self._groups_with(connection, [dn], login)}
        nearest = list(found)
        for _ in range(_DEEPEST if provider.walks_groups else 0):
            above: dict[str, Entry] = {}
            for start in range(0, len(nearest), _AT_ONCE):
                some = nearest[start : start + _AT_ONCE]
                above |= {str(each["dn"]): each for each in self._groups_with(connection, some, secrets.token_hex())}
            nearest = [each for each in above if each not in found]
            found |= above
            if not nearest or len(found) > _MOST_GROUPS:
                break
        return tuple(name for group, entry in found.items() for name in (group, *_texts(entry, provider.group_attribute)))

    def _groups_with(self, connection: ldap3.Connection, members: list[str], login: str) -> list[Entry]:
        provider = self._provider
        filters = "".join(fill_filter(provider.groups, dn=each, login=login) for each in members)
        return self._search(
            connection, str(provider.group_base), f"(|{filters})", [provider.group_attribute], most=_MOST_GROUPS
        )

    def _search(
        self,
        connection: ldap3.Connection,
        base: str,
        filter: str,
        attributes: list[str],
        scope: Literal["BASE", "SUBTREE"] = "SUBTREE",
        most: int = 1,
    ) -> list[Entry]:
        """Up to `most` entries, read in pages. Raises DirectoryDown if the base does not exist or may not be read."""
        found: list[Entry] = []
        cookie: bytes | None = None
        while True:
            connection.search(
                base,
                filter,
                scope,
                ldap3.DEREF_NEVER,
                attributes=attributes or ldap3.NO_ATTRIBUTES,
                paged_size=min(_PAGE_SIZE, most),
                paged_cookie=cookie,
            )
            result = connection.result
            if result["result"] not in (_SUCCESS, _SIZE_LIMIT):
                raise DirectoryDown(f"search below {base}: {result['description']} {result['message']}".strip())
            found += [each for each in connection.response or () if each["type"] == "searchResEntry"]
            cookie = result.get("controls", {}).get(_PAGES, {}).get("value", {}).get("cookie")
            if not cookie or len(found) >= most:
                return found[:most]


class _CheckedTls(ldap3.Tls):
    """Encrypts a connection by Python's own rules, which check the host name and addresses in the certificate."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context

    def wrap_socket(self, connection: ldap3.Connection, do_handshake: bool = False) -> None:  # noqa: ARG002 - always done
        """Makes the handshake and checks the certificate."""
        plain = connection.socket
        try:
            connection.socket = self._context.wrap_socket(plain, server_hostname=connection.server.host)
        except BaseException:
            plain.close()
            raise


@contextmanager
def _translated() -> Iterator[None]:
    """Raises what ldap3 raises as DirectoryDown, also for answers that are not LDAP."""
    try:
        yield
    except (LDAPException, OSError, PyAsn1Error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DirectoryDown(str(error) or type(error).__name__) from error


def _texts(entry: Entry, attribute: str) -> list[str]:
    """The values of an attribute, whose name the server may write in another case."""
    raw = {name.lower(): values for name, values in entry["raw_attributes"].items()}
    return [each.decode("utf-8", "replace") for each in raw.get(attribute.lower(), ())]


def _identifier(entry: Entry, attribute: str) -> str:
    raw = {name.lower(): values for name, values in entry["raw_attributes"].items()}.get(attribute.lower())
    if not raw:
        raise DirectoryDown(f"{entry['dn']} has no {attribute}; id_attribute must name one that all users have")
    if attribute.lower() == "objectguid":
        return str(uuid.UUID(bytes_le=raw[0]))
    return str(raw[0].decode("utf-8", "replace"))


def _place(connection: ldap3.Connection) -> str:
    return f"{connection.server.host}:{connection.server.port}"
