"""Stands in for an Active Directory: the answers of its protocol that another directory does not give, over TLS on loopback.

It does not evaluate filters: it finds the entries whose account name, or whose member, is somewhere in the request.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import certificates
from listening import listening

BASE = "DC=corp,DC=example"
READER = f"CN=reader,{BASE}"
SECRET = "right horse"
CHAIN = b"1.2.840.113556.1.4.1941"
_BIND, _UNBIND, _SEARCH = 0x60, 0x42, 0x63


@dataclass
class Account:
    """A user; `refusal` is the code in the answer to the right password."""

    login: str
    guid: uuid.UUID = field(default_factory=uuid.uuid4)
    groups: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def dn(self) -> str:
        return f"CN={self.login.title()},OU=Staff,{BASE}"


@dataclass
class ActiveDirectory:
    """A directory that is running. `result` is the code of every answer to a bind, if it is set; `binds` are their names."""

    ca: Path
    port: int = 0
    result: int | None = None
    accounts: list[Account] = field(default_factory=list)
    binds: list[str] = field(default_factory=list)

    def settings(self, **changes: object) -> dict[str, object]:
        """A table `[[ldap]]` for it."""
        return {
            "name": "corp",
            "type": "active-directory",
            "urls": [f"ldaps://127.0.0.1:{self.port}"],
            "domains": ["corp.example", "CORP"],
            "ca_file": str(self.ca),
            "bind_dn": READER,
            "bind_password": "reads",
            "user_base": BASE,
            "group_base": BASE,
        } | changes

    def add(self, login: str, **more: object) -> Account:
        account = Account(login, **more)  # type: ignore[arg-type] # the fields of an account
        self.accounts.append(account)
        return account

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _message(reader)) is not None and request[1] != _UNBIND:
                number, operation, content = request
                for answer in self._bound(content) if operation == _BIND else self._found(content):
                    writer.write(_tlv(0x30, _tlv(0x02, number) + answer))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    def _bound(self, content: bytes) -> list[bytes]:
        _, (_, name), (_, password) = _parts(content)[:3]
        self.binds.append(name.decode())
        if self.result is not None:
            return [_result(0x61, self.result, "elsewhere")]
        if (name, password) == (READER.encode(), b"reads"):
            return [_result(0x61, 0, "")]
        names = {key: each for each in self.accounts for key in (each.dn.encode(), f"{each.login}@corp.example".encode())}
        account = names.get(name)
        code = "525" if account is None else "52e" if password != SECRET.encode() else account.refusal
        told = f"80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {code}, v2580\0"
        return [_result(0x61, 49, told) if code else _result(0x61, 0, "")]

    def _found(self, content: bytes) -> list[bytes]:
        elsewhere = _tlv(0x73, _text("ldaps://other.corp.example/DC=other,DC=corp,DC=example"))
        return [*(_entry(*each) for each in self._entries(content)), elsewhere, _result(0x65, 0, "")]

    def _entries(self, content: bytes) -> list[tuple[str, dict[str, bytes]]]:
        if CHAIN in content:
            groups = {group for each in self.accounts if each.dn.encode() in content for group in each.groups}
            return [(f"CN={each},OU=Groups,{BASE}", {"cn": each.encode()}) for each in sorted(groups)]
        found = [each for each in self.accounts if each.login.lower().encode() in content.lower()]
        return [
            (each.dn, {"sAMAccountName": each.login.encode(), "objectGUID": each.guid.bytes_le, "displayName": b"Named"})
            for each in found
        ]


@asynccontextmanager
async def active_directory(directory: Path) -> AsyncIterator[ActiveDirectory]:
    """A directory that runs until the block ends."""
    authority = certificates.make(directory / "ca.pem", authority=True)
    served = certificates.make(directory / "dc.pem", authority)
    running = ActiveDirectory(directory / "ca.pem")
    async with listening(running.serve, context=served.context()) as running.port:
        yield running


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, int, bytes] | None:
    """The number, the kind and the content of the next request."""
    try:
        head = await reader.readexactly(2)
        length = head[1]
        if length & 0x80:
            length = int.from_bytes(await reader.readexactly(length & 0x7F))
        parts = _parts(await reader.readexactly(length))
    except asyncio.IncompleteReadError:
        return None
    return parts[0][1], *parts[1]


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """The tags and contents of BER values that follow each other."""
    found, place = [], 0
    while place < len(data):
        tag, length, start = data[place], data[place + 1], place + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[place + 2 : start])
        found.append((tag, data[start : start + length]))
        place = start + length
    return found


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    return bytes([tag, 0x82]) + size.to_bytes(2) + content


def _text(text: str | bytes) -> bytes:
    return _tlv(0x04, text.encode() if isinstance(text, str) else text)


def _result(tag: int, code: int, told: str) -> bytes:
    return _tlv(tag, _tlv(0x0A, bytes([code])) + _text("") + _text(told))


def _entry(dn: str, attributes: dict[str, bytes]) -> bytes:
    listed = b"".join(_tlv(0x30, _text(name) + _tlv(0x31, _text(value))) for name, value in attributes.items())
    return _tlv(0x64, _text(dn) + _tlv(0x30, listed))
