from __future__ import annotations

import ssl

import pytest

from certificates import Certificate, make
from contentlib.library.packages.signatures import LONGEST_PEM
from contentlib.outbound.client import Outbound
from contentlib.outbound.pins import BadPin, pin_of
from contentlib.outbound.policy import OutboundPolicy
from contentlib.outbound.problems import ProblemKind
from outbound.conftest import FILES
from outbound.test_client import problem, read
from publisher import publishing

ALL = FILES["/a.iso"]


def with_colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2)).upper()


async def test_a_certificate_of_the_configured_authority_is_trusted(client: Outbound, signed: Certificate) -> None:
    async with publishing(FILES, signed.context()) as publisher:
        assert await read(client, publisher.uri("/a.iso")) == ALL
        assert await read(client, publisher.uri("/a.iso", host="localhost")) == ALL


async def test_a_certificate_that_nobody_signed_is_refused_with_its_thumbprints(client: Outbound, lonely: Certificate) -> None:
    async with publishing(FILES, lonely.context()) as publisher:
        found = await problem(client, publisher.uri("/a.iso"))
        assert publisher.asked == []  # the certificate was looked at, and nothing was sent
    assert (found.kind, found.again) == (ProblemKind.CERTIFICATE, False)
    assert "is not trusted: self-signed certificate" in found.text
    for way in ("set one of them with the URL", "content/trusted-certificates", "outbound_ca_bundle"):
        assert way in found.text
    for algorithm in ("sha1", "sha256"):
        assert with_colons(lonely.thumbprint(algorithm)) in found.text
    assert found.thumbprint == with_colons(lonely.thumbprint("sha1"))
    assert found.certificate is not None
    assert ssl.PEM_cert_to_DER_cert(found.certificate) == ssl.PEM_cert_to_DER_cert(lonely.pem)


async def test_a_certificate_that_has_expired_is_refused(client: Outbound, authority: Certificate) -> None:
    expired = make(authority.path.with_name("expired.pem"), authority, days=-1)
    async with publishing(FILES, expired.context()) as publisher:
        assert "certificate has expired" in (await problem(client, publisher.uri("/a.iso"))).text


async def test_the_authority_is_trusted_only_where_it_is_configured(signed: Certificate) -> None:
    client = Outbound(OutboundPolicy(["127.0.0.0/8"]))
    async with publishing(FILES, signed.context()) as publisher:
        assert (await problem(client, publisher.uri("/a.iso"))).kind is ProblemKind.CERTIFICATE
    await client.close()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("form", [str, str.upper, with_colons, lambda digits: f" {with_colons(digits).lower()} "])
async def test_a_pinned_certificate_needs_no_authority(
    client: Outbound, lonely: Certificate, algorithm: str, form: type[str]
) -> None:
    async with publishing(FILES, lonely.context()) as publisher:
        assert await read(client, publisher.uri("/a.iso"), thumbprint=form(lonely.thumbprint(algorithm))) == ALL
        assert await read(client, publisher.uri("/a.iso"), certificate=lonely.pem) == ALL


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_another_certificate_than_the_pinned_one_is_refused_though_it_is_trusted(
    client: Outbound, signed: Certificate, lonely: Certificate, algorithm: str
) -> None:
    async with publishing(FILES, signed.context()) as publisher:
        for pin in ({"thumbprint": lonely.thumbprint(algorithm)}, {"certificate": lonely.pem}):
            found = await problem(client, publisher.uri("/a.iso"), **pin)
            assert (found.kind, found.thumbprint) == (ProblemKind.CERTIFICATE, with_colons(signed.thumbprint("sha1")))
            assert "does not match" in found.text
        assert publisher.asked == []


@pytest.mark.parametrize("pin", [{"thumbprint": "12:34"}, {"thumbprint": "xy" * 20}, {"certificate": "no certificate"}])
async def test_a_pin_that_cannot_be_is_told(client: Outbound, pin: dict[str, str]) -> None:
    found = await problem(client, "https://127.0.0.1:9/a", **pin)
    assert (found.kind, found.again) == (ProblemKind.URL, False)
    assert f"{'the thumbprint' if 'thumbprint' in pin else 'ssl_certificate'} is no" in found.text


async def test_a_certificate_takes_precedence_over_a_thumbprint(
    client: Outbound, signed: Certificate, lonely: Certificate
) -> None:
    async with publishing(FILES, lonely.context()) as publisher:
        uri = publisher.uri("/a.iso")
        assert await read(client, uri, certificate=lonely.pem, thumbprint=signed.thumbprint("sha1")) == ALL
        found = await problem(client, uri, certificate=signed.pem, thumbprint=lonely.thumbprint("sha1"))
        assert found.kind is ProblemKind.CERTIFICATE


async def test_a_pinned_connection_is_not_led_away_from_tls(client: Outbound, lonely: Certificate) -> None:
    async with publishing(FILES) as plain, publishing(context=lonely.context()) as publisher:
        publisher.redirects["/a"] = plain.uri("/a.iso")
        found = await problem(client, publisher.uri("/a"), certificate=lonely.pem)
        assert (found.kind, plain.asked) == (ProblemKind.POLICY, [])


async def test_certificates_that_are_trusted_at_the_moment_count(signed: Certificate, authority: Certificate) -> None:
    trusted: list[str] = []

    async def now() -> list[str]:
        return trusted

    client = Outbound(OutboundPolicy(["127.0.0.0/8"]), trusted=now)
    async with publishing(FILES, signed.context()) as publisher:
        assert (await problem(client, publisher.uri("/a.iso"))).kind is ProblemKind.CERTIFICATE
        trusted.append(authority.pem)
        assert await read(client, publisher.uri("/a.iso")) == ALL
        trusted.clear()
        assert (await problem(client, publisher.uri("/a.iso"))).kind is ProblemKind.CERTIFICATE
    await client.close()


def test_a_certificate_is_read_in_a_text_of_limited_length(signed: Certificate) -> None:
    assert pin_of(None, f"of the publisher\n{signed.pem}") is not None
    with pytest.raises(BadPin, match="is not a certificate in PEM"):
        pin_of(None, "\n" * LONGEST_PEM + signed.pem)
