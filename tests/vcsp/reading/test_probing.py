"""What a probe of a publisher finds: each of its eight outcomes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import make
from contentlib.library.model import Authentication, Subscription
from contentlib.library.sessions.pulls import Probed, ProbeStatus
from contentlib.outbound.client import Outbound
from contentlib.outbound.policy import OutboundPolicy
from contentlib.outbound.sources import Sources
from contentlib.vcsp.reading.asking import DocumentLimits
from contentlib.vcsp.reading.probing import SubscriptionProbes
from publisher import Publisher, publishing
from vcsp.shapes import SHAPES, Generator


@pytest.fixture
def probes(client: Outbound, tmp_path: Path) -> SubscriptionProbes:
    return SubscriptionProbes(client, Sources([tmp_path]))


@pytest.fixture
async def library(publisher: Publisher) -> AsyncIterator[str]:
    """The address of a library."""
    yield Generator(SHAPES[0]).publish({"tools": {"tools.iso": b"iso"}}).serve(publisher)


def text(found: Probed) -> str:
    assert found.fault is not None
    return found.fault.text


async def test_a_library_that_is_there_is_a_success_and_costs_one_request(
    library: str, publisher: Publisher, probes: SubscriptionProbes
) -> None:
    assert await probes.probe(Subscription(library)) == Probed(ProbeStatus.SUCCESS)
    assert len(publisher.asked) == 1


async def test_a_library_of_this_machine_is_a_success(tmp_path: Path, probes: SubscriptionProbes) -> None:
    uri = Generator(SHAPES[0]).publish({}).write(tmp_path)
    assert await probes.probe(Subscription(uri)) == Probed(ProbeStatus.SUCCESS)
    assert (await probes.probe(Subscription(f"{uri}x"))).status is ProbeStatus.RESOURCE_NOT_FOUND


@pytest.mark.parametrize(
    "uri", ["", "lib.json", "ftp://lib.example/lib.json", "file:///etc/passwd", "http://[", "https:///lib.json"]
)
async def test_what_is_no_address_is_an_invalid_url(uri: str, probes: SubscriptionProbes) -> None:
    for method in Authentication:
        found = await probes.probe(Subscription(uri, method))
        assert (found.status, found.fault is None) == (ProbeStatus.INVALID_URL, False)


async def test_a_server_that_says_nothing_has_timed_out(library: str, publisher: Publisher) -> None:
    publisher.silent = True
    impatient = Outbound(OutboundPolicy(["127.0.0.0/8"]), timeout=0.5)
    found = await SubscriptionProbes(impatient, Sources()).probe(Subscription(library))
    await impatient.close()
    assert (found.status, text(found)) == (ProbeStatus.TIMED_OUT, f"{library} did not respond within 0.5 seconds")


async def test_a_host_without_an_address_is_not_found(probes: SubscriptionProbes) -> None:
    found = await probes.probe(Subscription("http://nobody.invalid/lib.json"))
    assert found.status is ProbeStatus.HOST_NOT_FOUND
    assert text(found).startswith("host nobody.invalid not found")


@pytest.mark.parametrize("status", [404, 410])
async def test_a_library_that_is_not_there_is_not_found(
    status: int, library: str, publisher: Publisher, probes: SubscriptionProbes
) -> None:
    publisher.statuses["/gone"] = status
    assert (await probes.probe(Subscription(publisher.uri("/gone")))).status is ProbeStatus.RESOURCE_NOT_FOUND


@pytest.mark.parametrize("body", [b"<html>log in</html>", b"[]", b"", b"{}"])
async def test_what_is_no_library_is_not_found(body: bytes, publisher: Publisher, probes: SubscriptionProbes) -> None:
    publisher.files["/lib.json"] = body
    found = await probes.probe(Subscription(publisher.uri("/lib.json")))
    assert found.status is ProbeStatus.RESOURCE_NOT_FOUND
    assert text(found).startswith(publisher.uri("/lib.json is "))


async def test_a_document_without_an_end_is_no_library(publisher: Publisher, client: Outbound) -> None:
    publisher.files["/lib.json"] = b" " * 1000
    probes = SubscriptionProbes(client, Sources(), DocumentLimits(size=999))
    assert (await probes.probe(Subscription(publisher.uri("/lib.json")))).status is ProbeStatus.RESOURCE_NOT_FOUND


async def test_a_wrong_password_and_none_are_invalid_credentials(
    library: str, publisher: Publisher, probes: SubscriptionProbes
) -> None:
    publisher.basic = "vcsp:secret"
    right = Subscription(library, Authentication.BASIC, None, "secret")
    assert (await probes.probe(right)).status is ProbeStatus.SUCCESS
    for wrong in (Subscription(library), Subscription(library, Authentication.BASIC, None, "wrong")):
        found = await probes.probe(wrong)
        assert (found.status, text(found)) == (ProbeStatus.INVALID_CREDENTIALS, f"{library} answered 401 Unauthorized")


async def test_a_certificate_that_is_not_trusted_is_told_and_pinning_it_helps(
    tmp_path: Path, probes: SubscriptionProbes
) -> None:
    certificate = make(tmp_path / "own.pem")
    async with publishing(context=certificate.context()) as publisher:
        library = Generator(SHAPES[0]).publish({}).serve(publisher)
        found = await probes.probe(Subscription(library))
        assert found.status is ProbeStatus.CERTIFICATE_ERROR
        assert "is not trusted" in text(found)
        assert found.thumbprint is not None
        assert found.certificate is not None
        for pinned in (
            Subscription(library, thumbprint=found.thumbprint),
            Subscription(library, certificate=found.certificate),
        ):
            assert (await probes.probe(pinned)).status is ProbeStatus.SUCCESS
        other = await probes.probe(Subscription(library, thumbprint="ab" * 20))
        assert (other.status, other.thumbprint) == (ProbeStatus.CERTIFICATE_ERROR, found.thumbprint)


async def test_everything_else_is_an_unknown_error(library: str, publisher: Publisher, probes: SubscriptionProbes) -> None:
    publisher.statuses["/broken"] = 500
    found = await probes.probe(Subscription(publisher.uri("/broken")))
    assert (found.status, text(found)) == (
        ProbeStatus.UNKNOWN_ERROR,
        f"{publisher.uri('/broken')} answered 500 Internal Server Error",
    )
    publisher.cuts = [10]
    assert (await probes.probe(Subscription(library))).status is ProbeStatus.UNKNOWN_ERROR


@settings(max_examples=100, derandomize=True)
@given(st.text() | st.text().map(lambda rest: f"http://{rest}") | st.text().map(lambda rest: f"file:///{rest}"))
async def test_no_address_makes_a_probe_fail(uri: str) -> None:
    client = Outbound(OutboundPolicy(deny=["*", "0.0.0.0/0", "::/0"]), timeout=0.5)
    found = await SubscriptionProbes(client, Sources()).probe(Subscription(uri, Authentication.BASIC))
    await client.close()
    assert found.status is not ProbeStatus.SUCCESS
