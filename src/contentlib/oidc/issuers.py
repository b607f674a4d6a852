"""Finds the keys and addresses of an issuer of tokens, by OpenID Connect discovery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from contentlib.oidc.documents import Documents, ProviderFailed
from contentlib.oidc.refreshed import Refreshed
from contentlib.oidc.signatures import BadToken, IssuerKey, SignedToken, keys_of
from contentlib.settings.sign_on import check_url

_DISCOVERY = "/.well-known/openid-configuration"
_UNKNOWN_KEY_SECONDS = 30.0


class Discovered(msgspec.Struct, frozen=True):
    """What an issuer publishes of itself."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Issuer:
    """One issuer: its addresses, and its keys, which change. An unknown key is looked for at most every 30 seconds."""

    def __init__(
        self,
        url: str,
        documents: Documents,
        now: Callable[[], float],
        *,
        insecure_loopback: bool = False,
        keys_file: Path | None = None,
    ) -> None:
        self.url = url
        self.documents = documents
        self._insecure = insecure_loopback
        self._keys_file = keys_file
        self.discovered = Refreshed(self._discover, now)
        self._keys = Refreshed(self._read_keys, now, _UNKNOWN_KEY_SECONDS)

    async def keys_for(self, token: SignedToken) -> list[IssuerKey]:
        """The keys that may have signed a token. Raises ProviderFailed if no keys are known."""
        found = _fitting(await self._keys.get(), token)
        return found or _fitting(await self._keys.renewed(), token)

    async def close(self) -> None:
        """Ends requests in progress."""
        await self.discovered.close()
        await self._keys.close()
        await self.documents.close()

    async def _discover(self) -> Discovered:
        document = await self.documents.read(self.url.rstrip("/") + _DISCOVERY)
        try:
            found = msgspec.convert(document, Discovered, strict=False)
            addresses = msgspec.structs.asdict(found)
            for name in Discovered.__struct_fields__:
                if name.endswith(("_uri", "_endpoint")) and addresses[name] is not None:
                    check_url(addresses[name], insecure_loopback=self._insecure, query=True)
        except ValueError as error:
            raise ProviderFailed(f"its discovery document is not usable: {error}") from error
        if found.issuer != self.url:
            raise ProviderFailed(f"its discovery document is that of issuer {found.issuer[:200]!r}")
        return found

    async def _read_keys(self) -> tuple[IssuerKey, ...]:
        document = await (self._published_keys() if self._keys_file is None else asyncio.to_thread(_kept, self._keys_file))
        try:
            found = await asyncio.to_thread(keys_of, document)
        except BadToken as error:
            raise ProviderFailed(str(error)) from error
        if not found:
            raise ProviderFailed("its JWK set has no usable key")
        return found

    async def _published_keys(self) -> Any:
        return await self.documents.read((await self.discovered.get()).jwks_uri)


def _fitting(keys: tuple[IssuerKey, ...], token: SignedToken) -> list[IssuerKey]:
    """Keys of the token's id; a token without one can only be of an issuer with one key of its kind."""
    fitting = [each for each in keys if each.fits(token)]
    if token.key_id is None:
        return fitting if len(fitting) == 1 else []
    return [each for each in fitting if each.id == token.key_id]


def _kept(file: Path) -> Any:
    try:
        return msgspec.json.decode(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ProviderFailed(f"{file} is not a readable JWK set: {error}") from error
