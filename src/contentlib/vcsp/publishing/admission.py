"""Admits readers of published libraries: by the credential of a subscriber, or by the password of the library.

A right credential is recognized without slow hashing and without the delays that wrong passwords cause. All else that is sent
to a library that requires a password is checked like a password, so guesses at credentials are delayed like others.
"""

from __future__ import annotations

import base64
import binascii

from contentlib.access.guessing import Attempt, GuardedPasswords, network_key
from contentlib.http.message import Request
from contentlib.library.errors import Fault
from contentlib.library.following.contacts import Visitor
from contentlib.library.following.subscriber_credentials import SubscriberCredentials
from contentlib.library.model import Authentication, Library
from contentlib.library.names import PASSWORD_LENGTH
from contentlib.vcsp.publishing import messages

_USERS = ("vcsp", "")  # Cloud Director sends no name


class Admission:
    """Checks the credentials of requests. `decoy` is compared with where a library has no password of its own."""

    def __init__(self, credentials: SubscriberCredentials, passwords: GuardedPasswords, decoy: str) -> None:
        self._credentials = credentials
        self._passwords = passwords
        self._decoy = decoy

    async def visitor(self, library: Library, request: Request) -> Visitor | Fault:
        """Who reads the library, or why the request is refused. ServiceUnavailable where too much is tried."""
        anyone = Visitor(library.id, request.client, network_key(request.client))
        if library.publishing.authentication is Authentication.NONE:
            return anyone
        name, password = _basic(request.headers.get("authorization", ""))
        if name is None or password is None or name.lower() not in _USERS or len(password) > PASSWORD_LENGTH:
            return messages.CREDENTIALS()
        found = await self._credentials.find(library.id, password)
        if found is not None:
            named = Visitor(library.id, request.client, credential=found.id)
            return self._credentials.refusal(found) or named
        attempt = Attempt(library.id, request.client, request.gone)
        hashed = library.publishing.password_hash
        right = await self._passwords.verify(attempt, hashed or self._decoy, password)
        return anyone if right and hashed else messages.CREDENTIALS()


def _basic(header: str) -> tuple[str | None, str | None]:
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None, None
    return (name, password) if colon else (None, None)
