"""Reads logout tokens: a provider tells that it has ended the sessions of a user (OpenID Connect back-channel logout)."""

from __future__ import annotations

from contentlib.oidc import claims as check
from contentlib.oidc.issuers import Issuer
from contentlib.oidc.signatures import BadToken, parse, verified_claims

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES = (None, "jwt", "logout+jwt")
_LONGEST_ID = 255


async def logged_out(text: str, issuer: Issuer, client_id: str, now: int) -> tuple[str, str, int]:
    """The subject of a logout token, the token's identifier, and when it expires. Raises BadToken or ProviderFailed."""
    token = parse(text)
    claims = verified_claims(token, await issuer.keys_for(token), _TYPES)
    expires = check.check_claims(claims, issuer.url, (client_id,), now)
    events, identifier = claims.get("events"), claims.get("jti")
    if not isinstance(events, dict) or _EVENT not in events or "nonce" in claims:
        raise BadToken("it is not a logout token")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= _LONGEST_ID:
        raise BadToken("it has no identifier")
    return check.subject(claims), identifier, expires
