"""Logins with device codes, at a provider whose answers are given one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from contentlib.oidc.device_flow import DeviceCode, DeviceFlow, DeviceLoginFailed
from contentlib.oidc.documents import Documents, ProviderFailed
from contentlib.outbound.client import Outbound
from contentlib.outbound.policy import OutboundPolicy

BEGUN = {"device_code": "secret", "user_code": "ABCD-EFGH", "verification_uri": "https://id.example/device", "expires_in": 600}
PENDING: dict[str, Any] = {"error": "authorization_pending"}


class Provider:
    """Answers each request with the next of its answers, and keeps the forms that it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, object]] = []
        self.forms: list[dict[str, str]] = []
        self.time = 0.0
        self.pauses: list[float] = []

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        status, answer = self.answers.pop(0)
        if isinstance(answer, bytes):
            return web.Response(body=answer, status=status)
        return web.json_response(answer, status=status)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds

    def now(self) -> float:
        return self.time


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def flow(provider: Provider) -> AsyncIterator[DeviceFlow]:
    runner = web.ServerRunner(web.Server(provider.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    documents = Documents(Outbound(OutboundPolicy(["127.0.0.1"])))
    yield DeviceFlow(documents, (f"{url}/device", f"{url}/token"), "terminal", provider.sleep, provider.now)
    await documents.close()
    await runner.cleanup()


async def test_a_login_begins_with_a_code_for_the_person(flow: DeviceFlow, provider: Provider) -> None:
    provider.answers = [(200, BEGUN)]
    code = await flow.begin(["openid", "groups"])
    assert (code.user_code, code.interval) == ("ABCD-EFGH", 5)
    assert provider.forms == [{"client_id": "terminal", "scope": "openid groups"}]


async def test_the_token_is_asked_for_until_it_is_there(flow: DeviceFlow, provider: Provider) -> None:
    provider.answers = [(400, PENDING), (400, PENDING), (200, {"access_token": "token"})]
    assert await flow.access_token(_code()) == "token"
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    assert provider.forms[-1] == {"grant_type": grant, "device_code": "secret", "client_id": "terminal"}
    assert provider.pauses == [5, 5, 5]


async def test_a_provider_that_is_asked_too_often_is_asked_less(flow: DeviceFlow, provider: Provider) -> None:
    provider.answers = [(400, {"error": "slow_down"}), (400, PENDING), (503, {}), (200, {"access_token": "token"})]
    assert await flow.access_token(_code()) == "token"
    assert provider.pauses == [5, 10, 10, 20]


async def test_a_provider_decides_how_seldom_it_is_asked(flow: DeviceFlow, provider: Provider) -> None:
    provider.answers = [(400, PENDING), (400, {"error": "slow_down"}), (502, b"<html>"), (200, {"access_token": "token"})]
    assert await flow.access_token(_code(interval=90)) == "token"
    assert provider.pauses == [90, 90, 95, 95]


async def test_failures_are_borne_and_asked_after_ever_less_often(flow: DeviceFlow, provider: Provider) -> None:
    failures = [(502, b"<html>"), (429, {}), (200, b"x" * (2 << 20)), (503, {}), (500, {})]
    provider.answers = [*failures, (200, {"access_token": "token"})]
    assert await flow.access_token(_code()) == "token"
    assert provider.pauses == [5, 10, 20, 40, 60, 60]


async def test_the_last_failure_is_named_when_the_code_expires(flow: DeviceFlow, provider: Provider) -> None:
    provider.answers = [(400, PENDING), (503, {})]
    with pytest.raises(DeviceLoginFailed, match=r"the code has expired: .*/token answered 503"):
        await flow.access_token(_code(expires_in=15))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("access_denied", "the login was denied at the provider"),
        ("expired_token", "the code has expired; start again"),
        ("invalid_client", "the provider does not know this client"),
        ("other", "the provider refused the login: because"),
    ],
)
async def test_a_refusal_ends_the_login(flow: DeviceFlow, provider: Provider, error: str, sentence: str) -> None:
    provider.answers = [(400, {"error": error, "error_description": "bec\x1bause"})]
    with pytest.raises(DeviceLoginFailed, match=sentence):
        await flow.access_token(_code())


async def test_nobody_is_asked_for_ever(flow: DeviceFlow, provider: Provider) -> None:
    provider.answers = [(400, PENDING)] * 2000
    with pytest.raises(DeviceLoginFailed, match="has expired"):
        await flow.access_token(_code(expires_in=10**9, interval=0))
    assert 1700 < provider.time <= 1800
    assert min(provider.pauses) >= 1


@pytest.mark.parametrize(
    "answer",
    [
        {**BEGUN, "verification_uri": "javascript:alert(1)"},
        {**BEGUN, "verification_uri_complete": "http://id.example/device"},
        {**BEGUN, "verification_uri_complete": "https://id.example/\x1b]0;title\x07"},
        {**BEGUN, "verification_uri": "https://id.example/" + "a" * 10_000},
        {**BEGUN, "user_code": "A\x1b[2J"},
        {**BEGUN, "user_code": ""},
        {**BEGUN, "user_code": "A" * 1000},
        {"device_code": "secret"},
        b"<html>a proxy</html>",
    ],
)
async def test_what_a_provider_answers_is_checked_before_it_is_shown(
    flow: DeviceFlow, provider: Provider, answer: object
) -> None:
    provider.answers = [(200, answer)]
    with pytest.raises(ProviderFailed):
        await flow.begin(["openid"])


async def test_a_client_that_may_not_is_told(flow: DeviceFlow, provider: Provider) -> None:
    provider.answers = [(400, {"error": "unauthorized_client"})]
    with pytest.raises(DeviceLoginFailed, match="does not allow this client"):
        await flow.begin(["openid"])


@pytest.mark.parametrize("token", [7, "", "two words", "token\r\nX-Header: 1", "token\n", "t\u00f6ken"])
async def test_a_token_that_is_none_is_refused(flow: DeviceFlow, provider: Provider, token: object) -> None:
    provider.answers = [(200, {"access_token": token})]
    with pytest.raises(DeviceLoginFailed, match="not usable"):
        await flow.access_token(_code())


def _code(expires_in: float = 600, interval: float = 5) -> DeviceCode:
    return DeviceCode("secret", "ABCD-EFGH", "https://id.example/device", None, expires_in, interval)
