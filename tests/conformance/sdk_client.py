"""The official SDK over its three transports, and a note of all that it calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from conformance.contract import status_of
from conformance.sdk import (
    LegacySecurityContextFilter,
    OptionalValue,
    StubConfigurationFactory,
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


@dataclass
class Calls:
    """What the SDK called, each operation with its outcomes."""

    outcomes: dict[str, set[str]] = field(default_factory=dict)

    def noting(self, invoke: Callable[..., Any]) -> Callable[..., Any]:
        """The SDK's own method, with a note of its outcome."""

        def noted(stub: Any, context: Any, method: Any, value: Any) -> Any:
            result = invoke(stub, context, method, value)
            outcome = "result" if result.success() else error_type(result.error)
            self.outcomes.setdefault(f"{stub.get_identifier().get_name()}.{method.get_name()}", set()).add(outcome)
            return result

        return noted

    def told(self) -> dict[str, str]:
        """The notes, in order."""
        return {operation: " ".join(sorted(outcomes)) for operation, outcomes in sorted(self.outcomes.items())}


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
        token = self.log_in(ADMINISTRATOR[1])
        session = self.session()
        if self.transport == API:  # the SDK knows no session for bare answers
            session.headers["vmware-api-session-id"] = token
            configuration = self._configuration(session)
        else:
            configuration = self._configuration(session, create_session_security_context(token))
        self.logins, self.content = cis.Session(configuration), VsphereStubs(configuration).content

    def log_in(self, password: str) -> str:
        """The token of a new login session.

        Over JSON-RPC too this is not left to the SDK's client, whose `__del__` recurses until the stack is full where its
        login failed; in a thread with a small stack that ends the process.
        """
        context = create_user_password_security_context(ADMINISTRATOR[0], password)
        return str(cis.Session(self._configuration(self.session(), context)).create())

    def _configuration(self, session: requests.Session, context: Any = None) -> Any:
        filters = [] if context is None else [LegacySecurityContextFilter(security_context=context)]
        protocol, path = ("json", "/api") if self.transport == JSONRPC else ("rest", self.transport.removeprefix("SDK "))
        connector = get_requests_connector(session, protocol, self.url + path, provider_filter_chain=filters)
        return StubConfigurationFactory.new_std_configuration(connector)

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
