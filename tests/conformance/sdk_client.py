"""The official SDK over its three transports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from conformance.contract import Operation, status_of
from conformance.decoding import decoded
from conformance.forms import Arguments, Caller
from conformance.sdk import (
    LegacySecurityContextFilter,
    OptionalValue,
    StubConfigurationFactory,
    StubFactory,
    UnresolvedError,
    VapiError,
    VsphereStubs,
    cis,
    create_session_security_context,
    create_user_password_security_context,
    create_vsphere_client,
    get_requests_connector,
)
from conformance.servers import ADMINISTRATOR

JSONRPC, REST, API = "SDK JSON-RPC", "SDK /rest", "SDK /api"
TRANSPORTS = (JSONRPC, REST, API)
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass
class Refusal:
    """An error that was heard, by its type, whatever class the SDK made of it."""

    error: str = ""
    message: str = ""
    status: int = 0


def error_type(error: Any) -> str:
    """The type that an error value names."""
    found = error.get_field("error_type")
    return str(found.value.value if isinstance(found, OptionalValue) else found.value).lower()


class Sdk:
    """The stubs of one transport, logged in."""

    def __init__(self, url: str, transport: str) -> None:
        self.url, self.transport = url, transport
        self.sessions: list[requests.Session] = []
        self._client: Any = None
        self._configurations: dict[Caller, Any] = {}
        if transport == JSONRPC:
            self._vsphere()
        else:
            self._over_http()

    def _vsphere(self) -> None:
        server, (name, password) = self.url.removeprefix("https://"), ADMINISTRATOR
        client = create_vsphere_client(server=server, username=name, password=password, session=self.session())
        self.logins, self.content = client.session_svc, client.content
        self._client = client

    def _over_http(self) -> None:
        configuration = self._as(self.log_in(ADMINISTRATOR[1]))
        self.logins, self.content = cis.Session(configuration), VsphereStubs(configuration).content

    def log_in(self, password: str) -> str:
        """The token of a new login session.

        Over JSON-RPC too this is not left to the SDK's client, whose `__del__` recurses until the stack is full where its
        login failed; in a thread with a small stack that ends the process.
        """
        return str(cis.Session(self._as((ADMINISTRATOR[0], password))).create())

    def _configuration(self, session: requests.Session, context: Any = None) -> Any:
        filters = [] if context is None else [LegacySecurityContextFilter(security_context=context)]
        protocol, path = ("json", "/api") if self.transport == JSONRPC else ("rest", self.transport.removeprefix("SDK "))
        connector = get_requests_connector(session, protocol, self.url + path, provider_filter_chain=filters)
        return StubConfigurationFactory.new_std_configuration(connector)

    def call(self, operation: Operation, arguments: Arguments, caller: Caller) -> Any:
        """What a stub that is made by the service's name answers to arguments, which are as JSON has them."""
        if caller not in self._configurations:
            self._configurations[caller] = self._as(caller)
        stub = StubFactory(self._configurations[caller]).create_stub(operation.service)
        inputs = stub._api_interface._operations[operation.name]["input_type"]
        return stub._invoke(operation.name, {name: decoded(inputs.get_field(name), each) for name, each in arguments.items()})

    def _as(self, caller: Caller) -> Any:
        session = self.session()
        if isinstance(caller, tuple):
            return self._configuration(session, create_user_password_security_context(*caller))
        if self.transport != API:
            return self._configuration(session, create_session_security_context(caller))
        session.headers["vmware-api-session-id"] = str(caller)  # the SDK knows no session for bare answers
        return self._configuration(session)

    def session(self) -> requests.Session:
        """An HTTP session, which does not check the certificate, as users of servers with one of their own do it."""
        assert not [name for name in BUNDLES if name in os.environ], "they override verify=False"
        session = requests.Session()
        session.verify = False
        self.sessions.append(session)
        return session

    @contextmanager
    def refused(self, name: str) -> Iterator[Refusal]:
        """Expects an error of a type.

        Over HTTP the SDK makes of every error the first class that the operation declares, or none; there the type that
        the error names counts, and its status.
        """
        refusal = Refusal()
        try:
            yield refusal
        except VapiError as caught:
            value = caught.get_error_value()
            refusal.error = error_type(value)
            refusal.message = untyped_message(value)
            refusal.status = caught.get_status_code()
            if self.transport == JSONRPC:
                assert type(caught).__name__.lower() == name.replace("_", ""), caught
            elif not isinstance(caught, UnresolvedError):
                assert refusal.status == status_of(name, self.transport.removeprefix("SDK /"))
        assert refusal.error == name, refusal

    @contextmanager
    def again(self) -> Iterator[Sdk]:
        """The stubs in a login session of their own."""
        other = Sdk(self.url, self.transport)
        yield other
        other.close()

    def close(self) -> None:
        """Closes all connections."""
        if self._client is not None:
            self._client.session_svc = None  # it would end the login session once more when it is collected
        for session in self.sessions:
            session.close()


def untyped_message(error: Any) -> str:
    """The first message of an error value."""
    (first, *_) = error.get_field("messages")
    return str(first.get_field("default_message").value)
