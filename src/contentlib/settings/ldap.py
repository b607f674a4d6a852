"""Defines the settings of LDAP directories: the tables `[[ldap]]`."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"
_DOMAIN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$"
_ATTRIBUTE = r"^[A-Za-z][A-Za-z0-9-]{0,63}$"
_URL = re.compile(r"(?P<scheme>ldaps?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?/?")
_PASSWORD_BYTES = 4096
_PORTS = {"ldap": 389, "ldaps": 636}
_USER_FILTERS = {
    "active-directory": "(&(objectCategory=person)(objectClass=user)(sAMAccountName={login}))",
    "openldap": "(&(objectClass=inetOrgPerson)(uid={login}))",
}
_GROUP_FILTERS = {
    "active-directory": "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))",
    "openldap": "(&(objectClass=groupOfNames)(member={dn}))",
}
_Text = Annotated[str, Field(min_length=1, max_length=1024)]
_Attribute = Annotated[str, Field(pattern=_ATTRIBUTE)]


class LdapAddress(NamedTuple):
    """Where a server of a directory listens, and whether the connection begins with TLS."""

    host: str
    port: int
    tls: bool


class LdapProvider(BaseModel):
    """A directory whose users can log in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=_NAME)]
    type: Literal["active-directory", "openldap"]
    urls: Annotated[tuple[_Text, ...], Field(min_length=1, max_length=8)]
    domains: Annotated[tuple[Annotated[str, Field(pattern=_DOMAIN)], ...], Field(min_length=1, max_length=64)]
    ca_file: Path | None = None
    start_tls: bool = True
    insecure_loopback: bool = False
    bind_dn: _Text | None = None
    bind_password: SecretStr | None = None
    bind_password_file: Path | None = None
    user_template: _Text | None = None
    user_base: _Text
    user_filter: _Text | None = None
    login_attribute: _Attribute | None = None
    id_attribute: _Attribute | None = None
    group_base: _Text | None = None
    group_filter: _Text | None = None
    group_attribute: _Attribute = "cn"
    nested_groups: bool = True
    timeout_seconds: Annotated[float, Field(ge=1, le=60)] = 10
    remember_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    wrong_passwords: Annotated[int, Field(ge=1, le=1000)] = 4
    wrong_passwords_seconds: Annotated[int, Field(ge=1, le=86400)] = 1800

    @field_validator("urls")
    @classmethod
    def _check_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            _address(each)
        return value

    @field_validator("user_filter")
    @classmethod
    def _check_user_filter(cls, value: str | None) -> str | None:
        return _filter(value, "{login}")

    @field_validator("group_filter")
    @classmethod
    def _check_group_filter(cls, value: str | None) -> str | None:
        return _filter(value, "{dn}", "{login}")

    @field_validator("user_template")
    @classmethod
    def _check_template(cls, value: str | None) -> str | None:
        if value is not None and value.count("{login}") != 1:
            raise ValueError(
                "must contain {login} once, such as {login}@corp.example or uid={login},ou=people,dc=corp,dc=example"
            )
        return value

    @model_validator(mode="after")
    def _check_bind(self) -> Any:
        if (self.bind_dn is None) == (self.user_template is None):
            raise ValueError("either bind_dn or user_template is required")
        given = [each for each in (self.bind_password, self.bind_password_file) if each is not None]
        if len(given) != (0 if self.bind_dn is None else 1):
            raise ValueError("bind_dn requires one of bind_password and bind_password_file, user_template requires neither")
        if self.bind_password is not None and not self.bind_password.get_secret_value():
            raise ValueError("bind_password must not be empty")
        return self

    @model_validator(mode="after")
    def _check_encryption(self) -> Any:
        plain = [each.host for each in self.addresses() if not each.tls and not self.start_tls]
        if plain and not (self.insecure_loopback and all(map(_is_loopback, plain))):
            raise ValueError("passwords need TLS: use ldaps:// or start_tls, or set insecure_loopback for a server on loopback")
        return self

    @property
    def source(self) -> str:
        """How users and groups name the directory."""
        return f"ldap:{self.name}"

    @property
    def login(self) -> str:
        """The attribute that contains the name of a user."""
        return self.login_attribute or ("sAMAccountName" if self.type == "active-directory" else "uid")

    @property
    def identifier(self) -> str:
        """The attribute that identifies a user for ever."""
        return self.id_attribute or ("objectGUID" if self.type == "active-directory" else "entryUUID")

    @property
    def users(self) -> str:
        """The filter that finds a user."""
        return self.user_filter or _USER_FILTERS[self.type]

    @property
    def groups(self) -> str:
        """The filter that finds the groups of a user. Active Directory follows nested groups by itself."""
        if self.group_filter is None and self.type == "active-directory" and not self.nested_groups:
            return "(&(objectClass=group)(member={dn}))"
        return self.group_filter or _GROUP_FILTERS[self.type]

    @property
    def walks_groups(self) -> bool:
        """Whether nested groups are followed by one search for each level."""
        return self.nested_groups and (self.type == "openldap" or self.group_filter is not None)

    def addresses(self) -> list[LdapAddress]:
        """The servers, in the order in which they are tried."""
        return [_address(each) for each in self.urls]

    def password(self) -> str:
        """The password of `bind_dn`. Raises OSError if its file cannot be read."""
        if self.bind_password is not None:
            return self.bind_password.get_secret_value()
        if self.bind_password_file is None:
            return ""
        with self.bind_password_file.open("rb") as file:
            return file.read(_PASSWORD_BYTES).decode("utf-8", "replace").rstrip("\r\n")


class _Directories(Protocol):
    """The settings that the checks need."""

    @property
    def ldap(self) -> tuple[LdapProvider, ...]:
        """The directories."""


def directory_faults(settings: _Directories) -> Iterator[str]:
    """What is wrong with the directories as a whole, or with their files."""
    yield from _repeated("name", (each.name for each in settings.ldap))
    yield from _repeated("domain", (domain.lower() for each in settings.ldap for domain in {*each.domains}))
    for each in settings.ldap:
        yield from _unreadable(each)


def _unreadable(provider: LdapProvider) -> Iterator[str]:
    where = f"ldap: {provider.name}"
    try:
        if provider.bind_password_file is not None and not provider.password():
            yield f"{where}: {provider.bind_password_file} is empty"
    except OSError as error:
        yield f"{where}: {provider.bind_password_file} cannot be read: {error.strerror}"
    try:
        if provider.ca_file is not None:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(provider.ca_file)
    except ssl.SSLError as error:
        yield f"{where}: {provider.ca_file} contains no certificates: {error.reason}"
    except OSError as error:
        yield f"{where}: {provider.ca_file} cannot be read: {error.strerror}"


def _repeated(what: str, values: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield f"ldap: the {what} {value} is given twice"
        seen.add(value)


def _address(url: str) -> LdapAddress:
    found = _URL.fullmatch(url)
    port = int(found["port"] or _PORTS[found["scheme"]]) if found else 0
    if found is None or not 0 < port < 65536:
        raise ValueError(f"{url!r} must be ldaps://HOST[:PORT] or ldap://HOST[:PORT]")
    return LdapAddress(found["host"].strip("[]"), port, found["scheme"] == "ldaps")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _filter(value: str | None, *placeholders: str) -> str | None:
    if value is None:
        return None
    if placeholders[0] not in value or not value.startswith("(") or value.count("(") != value.count(")"):
        raise ValueError(f"must be a filter in parentheses that contains {placeholders[0]}")
    return value
