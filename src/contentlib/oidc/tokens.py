"""Authenticates bearer tokens of identity providers: access tokens of people, and tokens of pipelines.

A token that was verified is remembered for some minutes, so that its signature is not checked with every call. Whether its user
still exists and is enabled is checked with every call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contentlib.access.bearers import BearerCaller
from contentlib.access.external import ExternalUsers
from contentlib.access.recent import Digests, Recent
from contentlib.access.workloads import EVERYTHING, Workload
from contentlib.library.clock import Clock
from contentlib.library.model import User
from contentlib.library.ports import MetadataStore
from contentlib.oidc import claims as check
from contentlib.oidc import messages
from contentlib.oidc.documents import ProviderFailed
from contentlib.oidc.issuers import Issuer
from contentlib.oidc.rules import matches
from contentlib.oidc.signatures import LONGEST_TOKEN, BadToken, SignedToken, parse, verified_claims
from contentlib.settings.sign_on import OidcProvider, WorkloadRule
from contentlib.vapi.errors import ServiceUnavailable, Unauthenticated

_MOST_REMEMBERED = 10_000
_REMEMBERED_SECONDS = 300.0
_RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Accepted:
    """What tokens of one issuer are accepted as: tokens of a provider's users, or of workloads."""

    issuer: Issuer
    provider: OidcProvider | None
    rules: tuple[WorkloadRule, ...]

    @property
    def label(self) -> str:
        """How messages name the issuer."""
        return self.issuer.url if self.provider is None else f"{check.source(self.provider)} ({self.issuer.url})"


@dataclass(frozen=True, slots=True)
class _Verified:
    expires: int
    caller: BearerCaller


class ProviderTokens:
    """Authenticates tokens by their issuer."""

    def __init__(
        self, accepted: Sequence[Accepted], users: ExternalUsers, metadata: MetadataStore, clock: Clock, local_domain: str
    ) -> None:
        self._accepted = {each.issuer.url: each for each in accepted}
        self._users = users
        self._metadata = metadata
        self._clock = clock
        self._local_domain = local_domain
        self._digests = Digests()
        self._verified: Recent[_Verified] = Recent(_MOST_REMEMBERED, _REMEMBERED_SECONDS)

    async def caller(self, token: str) -> BearerCaller | None:
        """Who sent a token."""
        if not self._accepted:
            return None
        if len(token) > LONGEST_TOKEN:
            raise self._users.refused(messages.TOKEN_LONG(length=len(token), most=LONGEST_TOKEN))
        key, now = self._digests.of(token), self._clock.now()
        known = self._verified.get(key, now / 1000)
        if known is not None and known.expires > now and await self._is_same(known.caller.user):
            return known.caller
        verified = await self._verify(token, key.hex())
        self._verified.note(key, verified, now / 1000)
        return verified.caller

    async def _is_same(self, user: User | None) -> bool:
        """Whether a user is the one that a token was verified for, and not a later one of the same name."""
        if user is None:
            return True
        async with self._metadata.reading() as transaction:
            found = await transaction.users.get(user.folded_name)
        return found is not None and (found.source, found.subject) == (user.source, user.subject)

    async def _verify(self, text: str, digest: str) -> _Verified:
        try:
            token = parse(text)
        except BadToken as error:
            raise self._users.refused(messages.TOKEN_UNREADABLE()) from error
        issuer = token.claims.get("iss")
        accepted = self._accepted.get(issuer) if isinstance(issuer, str) else None
        if accepted is None:
            raise self._users.refused(messages.NO_ISSUER(issuer=str(issuer)[:200]))
        try:
            return await self._accept(accepted, token, digest)
        except BadToken as error:
            raise self._refused(accepted, error) from error
        except ProviderFailed as error:
            raise provider_down(accepted.label, error) from error

    def _refused(self, accepted: Accepted, error: BadToken) -> Unauthenticated:
        return self._users.refused(messages.TOKEN_REFUSED(provider=accepted.label, problem=str(error)))

    async def _accept(self, accepted: Accepted, token: SignedToken, digest: str) -> _Verified:
        claims = verified_claims(token, await accepted.issuer.keys_for(token))
        check.check_access_token(claims)
        provider, url = accepted.provider, accepted.issuer.url
        for rule in accepted.rules:
            if rule.audience in check.audiences(claims) and matches(rule, claims):
                expires = check.check_claims(claims, url, (rule.audience,), self._clock.now())
                return _Verified(expires, BearerCaller(workload_of(rule).principal, digest))
        if provider is None or not provider.audience:
            expected = {*(provider.audience if provider else ()), *(each.audience for each in accepted.rules)}
            check.check_claims(claims, url, expected, self._clock.now())  # an expired token is the likelier cause
            raise self._users.refused(messages.NO_RULE(issuer=url, subject=str(claims.get("sub"))[:200]))
        expires = check.check_claims(claims, url, provider.audience, self._clock.now())
        user = await self._users.admit(check.identity(provider, claims, self._local_domain))
        return _Verified(expires, BearerCaller(user.name, digest, user))


def workload_of(rule: WorkloadRule) -> Workload:
    """The rights that a rule gives."""
    return Workload(rule.name, rule.role, None if rule.library == EVERYTHING else rule.library)


def provider_down(provider: str, error: ProviderFailed) -> ServiceUnavailable:
    """The error that names the provider that does not respond."""
    found = ServiceUnavailable(messages.PROVIDER_DOWN(provider=provider, problem=str(error)))
    found.retry_after = _RETRY_SECONDS
    return found
