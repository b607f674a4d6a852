"""Creates the HTTP client from the settings."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from contentlib.library.ports import MetadataStore
from contentlib.outbound.client import Outbound, Trusted
from contentlib.outbound.policy import OutboundPolicy
from contentlib.settings import Settings, address

_PROVIDER_SECONDS = 5.0


def outbound_of(settings: Settings, metadata: MetadataStore | None = None) -> Outbound:
    """Creates the client for a server's settings. It trusts the server's trusted certificates, but cannot call the server."""
    own = [address(settings.listen)[0]]
    if settings.public_url is not None:
        own.append(urlsplit(settings.public_url).hostname or "")
    policy = OutboundPolicy(settings.outbound_allow, settings.outbound_deny, own)
    proxy = settings.outbound_proxy.get_secret_value() if settings.outbound_proxy else None
    if metadata is None:
        return Outbound(policy, proxy=proxy, ca_bundle=settings.outbound_ca_bundle)
    return Outbound(policy, proxy=proxy, ca_bundle=settings.outbound_ca_bundle, trusted=_trusted(metadata))


def provider_outbound_of(settings: Settings, issuer: str, ca_file: Path | None) -> Outbound:
    """Creates the client for an identity provider. The operator chose its host, so it may be one that is blocked by default."""
    allow = (*settings.outbound_allow, urlsplit(issuer).hostname or "")
    policy = OutboundPolicy(allow, settings.outbound_deny, ())
    proxy = settings.outbound_proxy.get_secret_value() if settings.outbound_proxy else None
    return Outbound(policy, proxy=proxy, ca_bundle=ca_file or settings.outbound_ca_bundle, timeout=_PROVIDER_SECONDS)


def _trusted(metadata: MetadataStore) -> Trusted:
    async def read() -> list[str]:
        async with metadata.reading() as transaction:
            return [each.text for each in await transaction.trusted_certificates.all()]

    return read
