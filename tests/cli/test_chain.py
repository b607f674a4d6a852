"""Servers with certificates of an authority, as processes; clients that trust its root and nothing else."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec.structs import replace

import certificates
from certificates import Certificate
from contentlib.library.model import Subscription
from contentlib.library.sessions.pulls import Probed, ProbeStatus
from contentlib.outbound.client import Outbound
from contentlib.outbound.policy import OutboundPolicy
from contentlib.outbound.sources import Sources
from contentlib.vcsp.reading.probing import SubscriptionProbes
from processes import Running
from publisher import ALLOW
from vcsp.test_own_publisher import PASSWORD, Publishing
from whole import SESSION

Serve = Callable[..., Running]


class Chain:
    """A root, what it has signed, and what that has signed: the server's certificate."""

    def __init__(self, folder: Path) -> None:
        self.root = certificates.make(folder / "root.pem", authority=True)
        self.intermediate = certificates.make(folder / "intermediate.pem", self.root, authority=True)
        self.leaf = certificates.make(folder / "leaf.pem", self.intermediate)
        self._folder = folder

    def settings(self, *told: Certificate) -> dict[str, str]:
        """Settings of a server that tells these certificates."""
        file = self._folder / "chain.pem"
        file.write_text("".join(each.pem for each in told))
        return {"CONTENTLIB_TLS_CERTIFICATE": str(file), "CONTENTLIB_TLS_KEY": str(self.leaf.path)}

    def trusting(self) -> ssl.SSLContext:
        """A client that trusts the root only."""
        return ssl.create_default_context(cadata=self.root.pem)


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    folder = tmp_path / "authority"
    folder.mkdir()
    return Chain(folder)


def shaken_hands(url: str, context: ssl.SSLContext) -> bytes:
    """The certificate that a server tells first."""
    at = urlsplit(url)
    assert at.hostname is not None
    with (
        socket.create_connection((at.hostname, at.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=at.hostname) as secured,
    ):
        told = secured.getpeercert(binary_form=True)
    assert told is not None
    return told


def test_a_chain_is_told_whole_and_the_thumbprints_are_those_of_its_first_certificate(serve: Serve, chain: Chain) -> None:
    """Checklist 21."""
    server = serve(**chain.settings(chain.leaf, chain.intermediate))
    told = ssl.DER_cert_to_PEM_cert(shaken_hands(server.url, chain.trusting()))
    assert told == chain.leaf.pem
    for algorithm in ("sha1", "sha256"):
        line = server.value(f"certificate {algorithm.upper().replace('SHA', 'SHA-')} thumbprint: ")
        assert line.replace(":", "").lower() == chain.leaf.thumbprint(algorithm)


def test_a_client_that_trusts_the_root_refuses_half_a_chain(serve: Serve, chain: Chain) -> None:
    """Checklist 21: so that the test before says something."""
    server = serve(**chain.settings(chain.leaf))
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer certificate"):
        shaken_hands(server.url, chain.trusting())


async def test_a_subscriber_trusts_the_root_or_pins_the_first_certificate(serve: Serve, chain: Chain) -> None:
    """Checklist 21: the thumbprint that a probe tells is the one that was printed."""
    server = serve(CONTENTLIB_ADMIN_PASSWORD=PASSWORD, **chain.settings(chain.leaf, chain.intermediate))
    subscription = published(server.url, chain.trusting())
    unknown = await probed(subscription)
    assert unknown.status is ProbeStatus.CERTIFICATE_ERROR
    assert unknown.thumbprint == server.value("certificate SHA-1 thumbprint: ")
    assert (await probed(subscription, chain.root.path)).status is ProbeStatus.SUCCESS
    for algorithm in ("sha1", "sha256"):
        for certificate, status in ((chain.leaf, ProbeStatus.SUCCESS), (chain.intermediate, ProbeStatus.CERTIFICATE_ERROR)):
            pinned = replace(subscription, thumbprint=certificate.thumbprint(algorithm))
            assert (await probed(pinned)).status is status


def published(url: str, trusting: ssl.SSLContext) -> Subscription:
    with httpx.Client(base_url=url, verify=trusting, timeout=30) as http:
        answer = http.post(SESSION, auth=httpx.BasicAuth(b"administrator@vsphere.local", PASSWORD.encode()))
        http.headers["vmware-api-session-id"] = answer.json()["value"]
        return Publishing(http).subscription(None)


async def probed(subscription: Subscription, ca_bundle: Path | None = None) -> Probed:
    client = Outbound(OutboundPolicy(ALLOW), ca_bundle=ca_bundle)
    try:
        return await SubscriptionProbes(client, Sources()).probe(subscription)
    finally:
        await client.close()
