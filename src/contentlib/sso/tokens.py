"""Issues, renews and checks security tokens.

A token states whom it was issued for, not what that user may do: each login with it reads the user again. It ends early if the
user is disabled or removed or gets another password.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, replace

from lxml import etree

from contentlib.access.saml import TokenOwner
from contentlib.library.clock import Clock
from contentlib.library.model import User
from contentlib.library.names import fold
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.principals import ApiToken
from contentlib.sso.assertions import Assertion, signed_assertion, verified
from contentlib.sso.signatures import BadSignature
from contentlib.sso.signing_keys import SigningKeys

TOLERANCE = 600_000
"""Milliseconds by which the clocks of clients and of other servers may differ."""
LONGEST_BEARER = 300_000
LONGEST_BOUND = 30 * 86_400_000
"""The longest lifetimes in milliseconds of bearer tokens and of tokens that are bound to a key, as on a vCenter."""
COUNT = 10
"""How often a token can be renewed or delegated, if that was requested."""
_DEFAULT_LIFETIME = 300_000
_PASSWORD, _TOKEN = "password:", "token:"


class InvalidToken(Exception):
    """A token that is not valid, or not any more. The message completes a sentence about the token."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was requested of a token: its lifetime in milliseconds, and the certificate (DER) that it is bound to."""

    lifetime: int | None = None
    holder: bytes | None = None
    renewable: bool = False
    delegatable: bool = False
    audience: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token, and what it states."""

    text: bytes
    assertion: Assertion


class SecurityTokens:
    """Issues and checks tokens. `issuer` names this server in them."""

    def __init__(self, keys: SigningKeys, metadata: MetadataStore, clock: Clock, issuer: str) -> None:
        self._keys = keys
        self._metadata = metadata
        self._clock = clock
        self.issuer = issuer

    async def issue(self, owner: TokenOwner, terms: Terms) -> IssuedToken:
        """Issues a token. A lifetime longer than allowed is shortened, and a bearer token cannot be renewed."""
        now, bound = self._clock.now(), terms.holder is not None
        assertion = Assertion(
            id=_new_id(),
            issuer=self.issuer,
            user=owner.user.name,
            credential=_credential(owner.user, owner.api_token),
            issued=now,
            not_before=now,
            not_after=now + _lifetime(terms.lifetime, bound=bound),
            holder=terms.holder,
            delegations=COUNT if terms.delegatable else 0,
            renewals=COUNT if terms.renewable and bound else 0,
            audience=terms.audience,
        )
        return await self._signed(assertion)

    async def renew(self, old: Assertion, lifetime: int | None) -> IssuedToken:
        """Issues a token in place of one that is bound to a key and can be renewed."""
        now = self._clock.now()
        until = now + _lifetime(lifetime, bound=True)
        renewed = replace(old, id=_new_id(), issued=now, not_before=now, not_after=until, renewals=old.renewals - 1)
        return await self._signed(renewed)

    async def read(self, element: etree._Element) -> Assertion:
        """What a token of this server states. Raises InvalidToken unless it is valid now and for this server."""
        now = self._clock.now()
        try:
            found = verified(element, await self._keys.current(), now)
        except BadSignature as error:
            raise InvalidToken(str(error)) from error
        if found.issuer != self.issuer:
            raise InvalidToken("it was issued by another server")
        if found.audience and self.issuer not in found.audience:
            raise InvalidToken("it is for another server")
        if found.not_before > now + TOLERANCE:
            raise InvalidToken("it is not valid yet")
        if found.not_after <= now:
            raise InvalidToken("it has expired")
        return found

    async def owner(self, assertion: Assertion) -> TokenOwner:
        """The owner of a token that was read. Raises InvalidToken if the user or the credential has changed since."""
        async with self._metadata.reading() as transaction:
            user = await transaction.users.get(fold(assertion.user))
            token = await _api_token(transaction, assertion)
        if user is None or not user.enabled:
            raise InvalidToken("its user is disabled or does not exist")
        if assertion.credential != _credential(user, token):
            raise InvalidToken("the password of its user was changed, or the API token that it was issued for was deleted")
        if token is not None and token.user != user.folded_name:
            raise InvalidToken("the API token that it was issued for belongs to another user")
        if token is not None and token.expires is not None and token.expires <= self._clock.now():
            raise InvalidToken("the API token that it was issued for has expired")
        return TokenOwner(user, token)

    async def _signed(self, assertion: Assertion) -> IssuedToken:
        return IssuedToken(signed_assertion(assertion, await self._keys.current()), assertion)


async def _api_token(transaction: Transaction, assertion: Assertion) -> ApiToken | None:
    if not assertion.credential.startswith(_TOKEN):
        return None
    return await transaction.api_tokens.get(assertion.credential.removeprefix(_TOKEN))


def _credential(user: User, api_token: ApiToken | None) -> str:
    """What a user logged in with, as it is stated in a token: nothing that a password could be guessed from."""
    if api_token is not None:
        return f"{_TOKEN}{api_token.id}"
    known = "\0".join((user.password_hash, user.source or "", user.subject or ""))
    return f"{_PASSWORD}{hashlib.sha256(known.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _lifetime(wanted: int | None, *, bound: bool) -> int:
    return min(_DEFAULT_LIFETIME if wanted is None else wanted, LONGEST_BOUND if bound else LONGEST_BEARER)


def _new_id() -> str:
    return f"_{uuid.uuid4()}"
