"""Checks the claims of tokens: issuer, audience, times, nonce; and reads what they say of a user."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Collection, Mapping
from typing import Any

from contentlib.access.external import ExternalIdentity
from contentlib.oidc.signatures import BadToken
from contentlib.settings.sign_on import OidcProvider

Claims = Mapping[str, Any]
SKEW_SECONDS = 60
"""How much the clocks of an issuer and of this server may differ."""

_OF_OTHER_TOKENS = frozenset({"events", "at_hash", "c_hash"})
"""Claims that logout tokens and ID tokens have, and access tokens have not."""
_OTHER_TYPES = ("ID", "Refresh", "Offline", "Logout")
"""What Keycloak names its other tokens in a claim."""


def check_claims(claims: Claims, issuer: str, audience: Collection[str], now: int) -> int:
    """Checks issuer, audience and times; `now` and the result, the time of expiry, are milliseconds since 1970 UTC."""
    if claims.get("iss") != issuer:
        raise BadToken("it is of another issuer")
    if not set(audience) & set(audiences(claims)):
        raise BadToken("it was made for another audience")
    seconds = now / 1000
    expires = _moment(claims, "exp")
    if expires is None or expires + SKEW_SECONDS <= seconds:
        raise BadToken("it has expired" if expires is not None else "it has no expiry")
    for name in ("nbf", "iat"):
        moment = _moment(claims, name)
        if moment is not None and moment - SKEW_SECONDS > seconds:
            raise BadToken("it is not valid yet")
    return int(min(expires, seconds + 10 * 365 * 86_400) * 1000)


def check_id_token(claims: Claims, client_id: str, nonce: str) -> None:
    """Checks what only an ID token has: that it is the answer to one login of this client."""
    party = claims.get("azp")
    if party != client_id and (party is not None or len(audiences(claims)) > 1):
        raise BadToken("it was issued to another client")
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), nonce.encode()):
        raise BadToken("it belongs to another login")


def check_access_token(claims: Claims) -> None:
    """Checks that a token is an access token, and can be used by any client that has it."""
    if "cnf" in claims:
        raise BadToken("it is bound to a key of its client")
    if not _OF_OTHER_TOKENS.isdisjoint(claims) or claims.get("typ") in _OTHER_TYPES:
        raise BadToken("it is a token of another type")


def audiences(claims: Claims) -> list[str]:
    """The audiences of a token."""
    found = claims.get("aud")
    given = found if isinstance(found, list) else [found]
    return [each for each in given if isinstance(each, str)]


def subject(claims: Claims) -> str:
    """The issuer's identifier of whom a token is about."""
    found = claims.get("sub")
    if not isinstance(found, str) or not found:
        raise BadToken("it has no subject")
    return found


def _moment(claims: Claims, name: str) -> float | None:
    found = claims.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise BadToken(f"its {name} is not a time")
    return float(found)


def identity(provider: OidcProvider, claims: Claims, local_domain: str) -> ExternalIdentity:
    """What the claims of a provider say of a user."""
    return ExternalIdentity(
        provider=source(provider),
        subject=subject(claims),
        name=_name(provider, claims, local_domain),
        display_name=_text(claims, "name"),
        email=_text(claims, "email"),
        groups=tuple(_groups(claims, provider.groups_claim)),
        session=session(source(provider), claims),
    )


def session(source: str, claims: Claims) -> str | None:
    """A digest of the session at a provider (claim `sid`), None if the claims name none."""
    found = claims.get("sid")
    if not isinstance(found, str) or not found:
        return None
    return hashlib.sha256(f"{source} {found}".encode("utf-8", "surrogatepass")).hexdigest()


def source(provider: OidcProvider) -> str:
    """How a provider is named in users and groups."""
    return f"oidc:{provider.name}"


def says_who(provider: OidcProvider, claims: Claims) -> bool:
    """Whether the claims hold the name and the groups of a user."""
    return all(value(claims, each) is not None for each in (provider.name_claim, provider.groups_claim))


def value(claims: Claims, path: str) -> Any:
    """A claim by its name or, if there is none, by a path through objects: realm_access.roles, kubernetes.io.namespace."""
    if path in claims:
        return claims[path]
    for at, sign in enumerate(path):
        inner = claims.get(path[:at]) if sign == "." else None  # the name of an object may have dots too
        found = value(inner, path[at + 1 :]) if isinstance(inner, dict) else None
        if found is not None:
            return found
    return None


def _name(provider: OidcProvider, claims: Claims, local_domain: str) -> str:
    """The name of the user here. A provider cannot name users in the domain of the local ones, unless that is its domain."""
    given = value(claims, provider.name_claim)
    if not isinstance(given, str) or not given:
        raise BadToken(f"it has no claim {provider.name_claim}, from which users get their name")
    if "@" not in given:
        return f"{given}@{provider.domain or provider.name}"
    domain = given.rpartition("@")[2].lower()
    if domain != provider.domain.lower() if provider.domain is not None else domain == local_domain:
        raise BadToken(f"users of domain {domain[:80]!r} cannot log in with this provider")
    return given


def _text(claims: Claims, name: str) -> str | None:
    found = claims.get(name)
    return found if isinstance(found, str) else None


def _groups(claims: Claims, path: str) -> list[str]:
    found = value(claims, path)
    given = found if isinstance(found, list) else [found]
    return [each for each in given if isinstance(each, str)]
