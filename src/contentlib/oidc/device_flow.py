"""Gets an access token with the device authorization grant (RFC 8628): a person allows it in a browser, anywhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated

import msgspec

from contentlib.oidc.documents import Documents, ProviderFailed
from contentlib.settings.sign_on import check_url

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_LONGEST_SECONDS = 1800
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # the second only after failures: a provider may ask for a longer one
_SLOWER = 5.0  # seconds more after each `slow_down`
_TOO_MANY_REQUESTS = 429
_Address = Annotated[str, msgspec.Meta(max_length=2048)]
_TOLD = {
    "access_denied": "the login was denied at the provider",
    "expired_token": "the code has expired; start again",
    "invalid_client": "the provider does not know this client; check --client-id",
    "unauthorized_client": "the provider does not allow this client to use device codes",
}


class DeviceLoginFailed(Exception):
    """There is no access token; the message says why."""


class DeviceCode(msgspec.Struct, frozen=True):
    """A login that has begun: what the person enters and where, and how long and how often to ask, in seconds."""

    device_code: str
    user_code: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    verification_uri: _Address
    verification_uri_complete: _Address | None = None
    expires_in: float = _LONGEST_SECONDS
    interval: float = 5.0


class _Token(msgspec.Struct, frozen=True):
    access_token: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._~+/-]+=*\Z")]  # what a header can carry


class DeviceFlow:
    """The logins of a public client, which has no secret, at the endpoints of a provider."""

    def __init__(
        self,
        documents: Documents,
        endpoints: tuple[str, str],
        client_id: str,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = documents
        self._begin, self._token = endpoints
        self._client_id = client_id
        self._sleep = sleep
        self._now = now

    async def begin(self, scopes: Iterable[str]) -> DeviceCode:
        """Begins a login. Raises DeviceLoginFailed if the provider refuses, ProviderFailed if it does not answer properly."""
        form = {"client_id": self._client_id, "scope": " ".join(scopes)}
        status, answer = await self._documents.exchange(self._begin, None, form)
        if status != 200:
            raise DeviceLoginFailed(_said(answer, status))
        try:
            found = msgspec.convert(answer, DeviceCode, strict=False)
            for address in (found.verification_uri, found.verification_uri_complete):
                if address is not None:
                    check_url(address, insecure_loopback=True, query=True)
        except ValueError as error:
            raise ProviderFailed(f"the provider's answer to a device login is not usable: {error}") from error
        shown = (found.user_code, found.verification_uri, found.verification_uri_complete or "")
        if not all(each.isprintable() for each in shown):
            raise ProviderFailed("the provider's answer to a device login contains control characters")
        return found

    async def access_token(self, code: DeviceCode) -> str:
        """The access token, once the person has allowed the login. Raises DeviceLoginFailed if that does not happen."""
        pause, failure = max(code.interval, _SHORTEST_PAUSE), None
        end = self._now() + min(code.expires_in, _LONGEST_SECONDS)
        while self._now() + pause < end:
            await self._sleep(pause)
            try:
                status, answer = await self._ask(code.device_code)
            except ProviderFailed as error:  # it may answer the next time
                pause, failure = max(pause, min(2 * pause, _LONGEST_PAUSE)), error
                continue
            failure = None
            if status == 200:
                return _read(answer)
            if answer.get("error") == "slow_down":
                pause += _SLOWER
            elif answer.get("error") != "authorization_pending":
                raise DeviceLoginFailed(_said(answer, status))
        raise DeviceLoginFailed(_TOLD["expired_token"] if failure is None else f"the code has expired: {failure}")

    async def _ask(self, device_code: str) -> tuple[int, dict[str, object]]:
        form = {"grant_type": _GRANT, "device_code": device_code, "client_id": self._client_id}
        status, answer = await self._documents.exchange(self._token, None, form)
        if status >= 500 or status == _TOO_MANY_REQUESTS:
            raise ProviderFailed(f"{self._token} answered {status}")
        return status, answer


def _read(answer: dict[str, object]) -> str:
    try:
        return msgspec.convert(answer, _Token).access_token
    except ValueError as error:
        raise DeviceLoginFailed(f"the provider's answer is not usable: {error}") from error


def _said(answer: dict[str, object], status: int) -> str:
    """What a provider says of a refusal, on one line."""
    error = str(answer.get("error", ""))[:100]
    text = "".join(each for each in str(answer.get("error_description", "")) if each.isprintable())[:300]
    return _TOLD.get(error) or f"the provider refused the login: {text or error or status}"
