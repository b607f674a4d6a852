"""Logs people in with the authorization code flow of OpenID Connect, with PKCE."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from contentlib.access.external import ExternalIdentity
from contentlib.library.clock import Clock
from contentlib.oidc import claims as check
from contentlib.oidc.back_channel import LogoutToken, logged_out
from contentlib.oidc.browser_logins import BrowserLogin, BrowserLogins, begun
from contentlib.oidc.documents import ProviderFailed
from contentlib.oidc.issuers import Discovered, Issuer
from contentlib.oidc.signatures import BadToken, parse, verified_claims
from contentlib.settings.sign_on import OidcProvider

_AT_ONCE = 16
_LONGEST_CODE = 4096
_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ID_TOKEN_TYPES = (None, "jwt")


class LoginFailed(Exception):
    """A login that the provider, or what it answered, does not allow; the message says why."""


class NotStarted(Exception):
    """The browser comes back from a login that did not begin in it, or that has expired."""


class ProviderBusy(Exception):
    """Too many logins wait for the provider."""


class CodeFlow:
    """The logins at one provider. `begin` sends the browser there, `end` reads what it comes back with."""

    def __init__(
        self, provider: OidcProvider, issuer: Issuer, browser_logins: BrowserLogins, clock: Clock, local_domain: str
    ) -> None:
        self.provider = provider
        self.issuer = issuer
        self._browser_logins = browser_logins
        self._clock = clock
        self._local_domain = local_domain
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def begin(self, redirect_uri: str, following: str) -> tuple[str, str]:
        """The provider's address for the browser, and the cookie that lets this browser, and no other, end the login."""
        endpoint = _needed("authorization", (await self._discovered()).authorization_endpoint)
        attempt = begun(redirect_uri, following, self._clock.now())
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.provider.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": _challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        joined = "&" if urlsplit(endpoint).query else "?"
        return f"{endpoint}{joined}{urlencode(query)}", self._browser_logins.seal(self.provider.name, attempt)

    async def end(self, query: Mapping[str, str], cookie: str | None) -> tuple[ExternalIdentity, BrowserLogin]:
        """Who has logged in, and the login; raises NotStarted, LoginFailed, ProviderBusy or ProviderFailed."""
        attempt = self._browser_logins.open(self.provider.name, cookie, self._clock.now())
        if attempt is None or not _equal(query.get("state", ""), attempt.state):
            raise NotStarted
        code = _code(query, self.issuer.url)
        if self._turns.locked():
            raise ProviderBusy
        async with self._turns:
            try:
                return await self._identity(code, attempt), attempt
            except BadToken as error:
                raise LoginFailed(f"ID token: {error}") from error

    def now(self) -> int:
        """The time, in milliseconds since 1970 UTC."""
        return self._clock.now()

    async def logged_out(self, text: str) -> LogoutToken:
        """A logout token of the provider."""
        return await logged_out(text, self.issuer, self.provider, self._clock.now())

    async def _identity(self, code: str, attempt: BrowserLogin) -> ExternalIdentity:
        answer = await self._redeem(code, attempt)
        claims = await self._id_token(answer.get("id_token"), attempt)
        access_token = answer.get("access_token")
        if not check.says_who(self.provider, claims) and isinstance(access_token, str):
            claims = {**await self._userinfo(access_token, claims), **claims}
        return check.identity(self.provider, claims, self._local_domain)

    async def _redeem(self, code: str, attempt: BrowserLogin) -> dict[str, Any]:
        discovered = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        headers, more = self._authentication(discovered, await self._secret())
        endpoint = _needed("token", discovered.token_endpoint)
        status, answer = await self.issuer.documents.exchange(endpoint, headers, form | more)
        if status >= 500:
            raise ProviderFailed(f"{endpoint} answered {status}")
        if status != 200:
            raise LoginFailed(_said(answer) or f"{endpoint} answered {status}")
        return answer

    async def _secret(self) -> str | None:
        try:
            return await asyncio.to_thread(self.provider.secret)
        except OSError as error:
            raise ProviderFailed(f"client_secret_file cannot be read: {error.strerror}") from error

    def _authentication(self, discovered: Discovered, secret: str | None) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and form fields by which this client proves who it is."""
        client = self.provider.client_id
        methods = discovered.token_endpoint_auth_methods_supported
        if secret is None:
            return {}, {"client_id": client}
        if "client_secret_basic" in methods or "client_secret_post" not in methods:
            both = f"{quote(client, safe='')}:{quote(secret, safe='')}"
            return {"Authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}, {}
        return {}, {"client_id": client, "client_secret": secret}

    async def _id_token(self, text: object, attempt: BrowserLogin) -> dict[str, Any]:
        if not isinstance(text, str):
            raise LoginFailed("the provider sent no ID token")
        token = parse(text)
        claims = verified_claims(token, await self.issuer.keys_for(token), _ID_TOKEN_TYPES)
        check.check_claims(claims, self.issuer.url, (self.provider.client_id,), self._clock.now())
        check.check_id_token(claims, self.provider.client_id, attempt.nonce)
        return claims

    async def _userinfo(self, access_token: str, claims: Mapping[str, Any]) -> dict[str, Any]:
        endpoint = (await self._discovered()).userinfo_endpoint
        if endpoint is None:
            return {}
        found = await self.issuer.documents.read(endpoint, {"Authorization": f"Bearer {access_token}"})
        if found.get("sub") != check.subject(claims):
            raise LoginFailed("the provider's user information is that of another user")
        return found

    async def _discovered(self) -> Discovered:
        return await self.issuer.discovered.get()


def _code(query: Mapping[str, str], issuer: str) -> str:
    """The code that the provider sent, or LoginFailed."""
    if query.get("iss", issuer) != issuer:
        raise LoginFailed("the answer is of another issuer")
    if "error" in query:
        raise LoginFailed(_said(query) or "the provider refused it")
    code = query.get("code", "")
    if not 0 < len(code) <= _LONGEST_CODE:
        raise LoginFailed("the provider sent no code")
    return code


def _said(answer: Mapping[str, Any]) -> str | None:
    """The provider's error code. Its description is not repeated: whoever wrote the link could have written it."""
    error = answer.get("error")
    return f"the provider answered {error}" if isinstance(error, str) and _ERROR.fullmatch(error) else None


def _needed(what: str, endpoint: str | None) -> str:
    if endpoint is None:
        raise ProviderFailed(f"its discovery document has no {what} endpoint")
    return endpoint


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
