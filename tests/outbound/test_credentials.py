"""Who hears user names and passwords."""

from __future__ import annotations

import base64

import pytest
from yarl import URL

from contentlib.library.model import Authentication, Subscription
from contentlib.outbound.client import Outbound
from contentlib.outbound.credentials import Credentials, credentials_of
from publisher import Publisher, publishing


async def ask(client: Outbound, uri: str, credentials: Credentials | None = None) -> None:
    async with client.get(uri, credentials=credentials) as answer:
        assert await answer.read() == b"all of it"


def heard(publisher: Publisher) -> list[str | None]:
    """The credentials of each request, as they were told."""
    told = [each.headers.get("authorization") for each in publisher.asked]
    return [header and base64.b64decode(header.removeprefix("Basic ")).decode() for header in told]


@pytest.mark.parametrize("user", ["vcsp", "", "é:x"])
async def test_credentials_are_told_to_their_origin(client: Outbound, publisher: Publisher, user: str) -> None:
    uri = publisher.uri("/a.iso")
    await ask(client, uri, Credentials(user, "ß:1", publisher.uri("/lib.json")))
    assert heard(publisher) == [f"{user}:ß:1"]


async def test_half_a_character_is_told_as_the_server_reads_it(client: Outbound, publisher: Publisher) -> None:
    await ask(client, publisher.uri("/a.iso"), Credentials("vcsp", "\ud800", publisher.uri("/lib.json")))
    told = publisher.asked[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(told) == "vcsp:\ud800".encode("utf-8", "surrogatepass")


async def test_credentials_stay_at_home_when_a_redirect_leads_elsewhere(client: Outbound, publisher: Publisher) -> None:
    publisher.redirects = {"/a": "/b"}
    async with publishing({"/a.iso": b"all of it"}) as other:
        publisher.redirects["/b"] = other.uri("/a.iso")
        await ask(client, publisher.uri("/a"), Credentials("ann", "secret", publisher.uri("/")))
        await ask(client, publisher.uri("/a", host="ann:secret@127.0.0.1"))
        assert heard(publisher) == ["ann:secret"] * 4
        assert heard(other) == [None, None]


async def test_credentials_are_not_told_to_another_address_that_is_asked(client: Outbound, publisher: Publisher) -> None:
    async with publishing() as other:
        await ask(client, publisher.uri("/a.iso"), Credentials("ann", "secret", other.uri("/lib.json")))
        await ask(client, publisher.uri("/a.iso", host="localhost"), Credentials("ann", "secret", publisher.uri("/")))
    assert heard(publisher) == [None, None]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://lib.example/b", True),
        ("https://LIB.example:443/b", True),
        ("http://lib.example/b", True),
        ("http://lib.example:8080/b", False),
        ("https://lib.example:8443/b", False),
        ("https://lib.example.org/b", False),
    ],
)
def test_an_origin_is_a_host_and_a_port_and_may_become_safer(url: str, told: bool) -> None:
    assert bool(Credentials("", "x", "http://lib.example/a").header(URL(url))) is told


def test_an_origin_does_not_become_less_safe() -> None:
    assert not Credentials("", "x", "https://lib.example/a").header(URL("http://lib.example/a"))


def test_a_password_is_in_no_trace() -> None:
    assert "secret" not in repr(Credentials("ann", "secret", "https://lib.example/a"))


@pytest.mark.parametrize(("named", "told"), [(None, "vcsp"), ("", ""), ("ann", "ann")])
def test_a_subscription_without_a_user_name_is_that_of_vcenter(named: str | None, told: str) -> None:
    subscription = Subscription("https://lib.example/lib.json", Authentication.BASIC, named, "secret")
    found = credentials_of(subscription)
    assert found is not None
    assert (found.user, found.password) == (told, "secret")


def test_a_subscription_without_authentication_has_no_credentials() -> None:
    assert credentials_of(Subscription("https://lib.example/lib.json", password="secret")) is None


async def test_what_has_not_changed_is_an_answer_to_a_condition(client: Outbound, publisher: Publisher) -> None:
    publisher.statuses["/a.iso"] = 304
    async with client.get(publisher.uri("/a.iso"), {"If-None-Match": '"a"'}) as answer:
        assert answer.status == 304
