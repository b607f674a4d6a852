"""The official SDK, its requests answered by a `Wire` without a socket."""

from __future__ import annotations

import warnings
from typing import Any

with warnings.catch_warnings():  # the SDK is older than the warning, and warns of its own stubs
    warnings.filterwarnings("ignore", "read_binary is deprecated", DeprecationWarning)
    warnings.filterwarnings("ignore", r"com\.vmware\..* is deprecated as of release vSphere API", DeprecationWarning)
    import vmware.vapi.data.value as data
    from com.vmware import cis_client, content_client
    from com.vmware.content import library_client
    from com.vmware.content.library import item_client
    from com.vmware.vapi.std import errors_client
    from vmware.vapi.bindings.stub import StubFactory
    from vmware.vapi.core import ApplicationContext, ExecutionContext
    from vmware.vapi.protocol.client.http_lib import HTTPResponse
    from vmware.vapi.protocol.client.msg.json_connector import get_protocol_connector
    from vmware.vapi.protocol.client.rpc.provider import HTTPProvider
    from vmware.vapi.stdlib.client.factories import StubConfigurationFactory

from wire.client import Client, at_once

STUBS = (cis_client, content_client, library_client, item_client)
"""The modules with the SDK's clients, imported here so that nothing is when a stub is made."""


__all__ = ["data", "error_class", "invoke", "stub"]


class Provider(HTTPProvider):  # type: ignore[misc]  # the SDK has no types
    """Carries the SDK's requests to a client's `Wire`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def connect(self) -> Any:
        return self

    def disconnect(self) -> None:
        """There is no connection."""

    def do_request(self, http_request: Any) -> Any:
        response = at_once(self._client.send("POST", "/api", http_request.body, http_request.headers))
        return HTTPResponse(response.status, dict(response.headers), response.body.decode(), None)


def connector(client: Client) -> Any:
    """The SDK's JSON-RPC connector to a client's `Wire`."""
    return get_protocol_connector(Provider(client))


def invoke(client: Client, service: str, operation: str, arguments: Any) -> Any:
    """What the SDK makes of an operation's answer."""
    context = ExecutionContext(ApplicationContext(opId="op-1"), None)
    return connector(client).get_api_provider().invoke(service, operation, arguments, context)


def stub(client: Client, service: str) -> Any:
    """The SDK's own client of a service."""
    return StubFactory(StubConfigurationFactory.new_std_configuration(connector(client))).create_stub(service)


def error_class(name: str) -> Any:
    """The SDK's exception for a standard error."""
    return getattr(errors_client, "".join(word.capitalize() for word in name.split("_")))
