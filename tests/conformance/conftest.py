from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance import servers
from conformance.sdk import ApiInterfaceStub
from conformance.sdk_client import API, BUNDLES, TRANSPORTS, Sdk
from conformance.servers import Server
from conformance.world import World


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with TLS, as a process of its own."""
    started = servers.start(tmp_path_factory.mktemp("conformance"))
    yield started
    servers.stop(started)


@pytest.fixture(scope="session")
def world(server: Server) -> World:
    """What there is on the server."""
    return World(server)


@pytest.fixture(scope="session")
def logged_in() -> Iterator[dict[str, Sdk]]:
    """The SDK by transport; to log in takes long, as it shall."""
    found: dict[str, Sdk] = {}
    yield found
    for sdk in found.values():
        sdk.close()


@pytest.fixture(params=TRANSPORTS)
def sdk(
    request: pytest.FixtureRequest,
    server: Server,
    logged_in: dict[str, Sdk],
    monkeypatch: pytest.MonkeyPatch,
) -> Sdk:
    """The SDK, logged in."""
    transport = request.param
    for bundle in BUNDLES:
        monkeypatch.delenv(bundle, raising=False)
    if transport == API:  # the SDK speaks `/api` where a stub is made so; its stubs of these services are made for `/rest`
        monkeypatch.setattr(ApiInterfaceStub, "__init__", bare(ApiInterfaceStub.__init__))
    if transport not in logged_in:
        logged_in[transport] = Sdk(server.url, transport)
    return logged_in[transport]


def bare(init: Callable[..., None]) -> Callable[..., None]:
    """Makes a stub whose answers are bare, without `value` around them."""

    def made(stub: Any, *arguments: Any, **options: Any) -> None:
        init(stub, *arguments, **options | {"is_vapi_rest": False})

    return made
