"""Reads logout tokens: a provider tells that it has ended the sessions of a user (OpenID Connect back-channel logout)."""

from __future__ import annotations

from typing import NamedTuple

from contentlib.oidc import claims as check
from contentlib.oidc.issuers import Issuer
from contentlib.oidc.signatures import BadToken, parse, verified_claims
from contentlib.settings.sign_on import OidcProvider

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES = (None, "jwt", "logout+jwt")
_LONGEST_ID = 255


class LogoutToken(NamedTuple):
    """What a provider has ended: all sessions of a user there (`subject`) or, if that is None, one of them.

    `identifier` is that of the token, `expires` when it does.
    """

    subject: str | None
    session: str | None
    identifier: str
    expires: int


async def logged_out(text: str, issuer: Issuer, provider: OidcProvider, now: int) -> LogoutToken:
    """Reads a logout token. Raises BadToken or ProviderFailed."""
    token = parse(text)
    claims = verified_claims(token, await issuer.keys_for(token), _TYPES)
    expires = check.check_claims(claims, issuer.url, (provider.client_id,), now)
    events, identifier = claims.get("events"), claims.get("jti")
    if not isinstance(events, dict) or _EVENT not in events or "nonce" in claims:
        raise BadToken("it is not a logout token")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= _LONGEST_ID:
        raise BadToken("it has no identifier")
    session = check.session(check.source(provider), claims)
    subject = None if session is not None and claims.get("sub") is None else check.subject(claims)
    return LogoutToken(subject, session, identifier, expires)
