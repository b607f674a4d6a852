"""Implements `contentlib login`: logs in to a server with an identity provider, from a terminal."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from contentlib.cli.progress import told

if TYPE_CHECKING:
    from contentlib.oidc.documents import Documents

_DISCOVERY = "/.well-known/openid-configuration"
_LOGINS = "/cls/login"
_SESSION = re.compile(r"[A-Za-z0-9._~:-]{1,512}")

Server = Annotated[str, typer.Argument(metavar="URL", help="URL of the server, such as https://images.example.com:8443.")]
IssuerUrl = Annotated[str, typer.Option("--issuer", metavar="URL", help="Issuer of the identity provider.")]
ClientId = Annotated[str, typer.Option("--client-id", metavar="ID", help="Client that may use device codes, without a secret.")]
Scope = Annotated[str, typer.Option("--scope", metavar="TEXT", help="Scopes to ask for, separated by spaces.")]
Ca = Annotated[
    Path | None, typer.Option("--ca", metavar="FILE", help="PEM file with certificates to trust, beside the system's.")
]


def login(server: Server, issuer: IssuerUrl, client_id: ClientId, scope: Scope = "openid", ca: Ca = None) -> None:
    """Logs in with an identity provider, and prints the identifier of the session.

    Open the printed address in any browser and enter the code. Calls send the session as header `vmware-api-session-id`.
    """
    with told():
        typer.echo(asyncio.run(_logged_in(server.rstrip("/"), issuer, client_id, scope, ca)))


async def _logged_in(server: str, issuer: str, client_id: str, scope: str, ca: Path | None) -> str:
    from contentlib.oidc.device_flow import DeviceFlow, DeviceLoginFailed
    from contentlib.oidc.documents import Documents, ProviderFailed
    from contentlib.outbound.client import Outbound
    from contentlib.outbound.policy import OutboundPolicy

    hosts = [_host("the server", server), _host("--issuer", issuer)]  # the user chose them
    documents = Documents(Outbound(OutboundPolicy(hosts), ca_bundle=ca))
    try:
        flow = DeviceFlow(documents, await _endpoints(documents, issuer), client_id)
        await _check_server(documents, server)
        code = await flow.begin(scope.split())
        typer.echo(f"open {code.verification_uri_complete or code.verification_uri} and enter {code.user_code}", err=True)
        return await _session(documents, server, await flow.access_token(code))
    except (DeviceLoginFailed, ProviderFailed) as error:
        raise RuntimeError(str(error)) from error
    finally:
        await documents.close()


def _host(what: str, url: str) -> str:
    """The host of a URL that secrets may be sent to, or that names where they are sent to."""
    from contentlib.sign_on import check_url

    try:
        check_url(url, insecure_loopback=True)
        parts = urlsplit(url)
        _ = parts.port  # ValueError if it is not a number of a port
        return parts.hostname or ""
    except ValueError as error:
        raise RuntimeError(f"URL {url[:200]!r} of {what} is not usable: {error}") from error


async def _endpoints(documents: Documents, issuer: str) -> tuple[str, str]:
    """The provider's endpoints for device codes and for tokens."""
    from contentlib.sign_on import check_url

    found = await documents.read(issuer.rstrip("/") + _DISCOVERY)
    if found.get("issuer") != issuer:
        raise RuntimeError(f"the discovery document of {issuer} is that of another issuer")
    endpoints = found.get("device_authorization_endpoint"), found.get("token_endpoint")
    try:
        for each in endpoints:
            check_url(str(each), insecure_loopback=True, query=True)
    except ValueError as error:
        raise RuntimeError(f"provider {issuer} does not offer device codes") from error
    return str(endpoints[0]), str(endpoints[1])


async def _check_server(documents: Documents, server: str) -> None:
    """Raises if the server does not answer: better before a person has entered a code than after."""
    status, _ = await documents.exchange_bytes(f"{server}{_LOGINS}")
    if status != 200:
        raise RuntimeError(f"{server}{_LOGINS} answered {status}; the URL must be that of a contentlib server")


async def _session(documents: Documents, server: str, access_token: str) -> str:
    """A login session of the server for an access token."""
    status, data = await documents.exchange_bytes(f"{server}/api/session", {"Authorization": f"Bearer {access_token}"}, {})
    if status not in (200, 201):
        raise RuntimeError(f"{server} refused the login with status {status}{_reason(data)}")
    found = _decoded(data)
    if not (isinstance(found, str) and _SESSION.fullmatch(found)):
        raise RuntimeError(f"{server} answered the login with something that is not a session identifier")
    return found


def _reason(data: bytes) -> str:
    """The message of an error of the server, as far as a terminal can show it."""
    match _decoded(data):
        case {"messages": [{"default_message": str(text)}, *_]}:
            return f": {''.join(each for each in text if each.isprintable())[:500]}"
    return ""


def _decoded(data: bytes) -> object:
    import msgspec

    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None  # such as the page of a proxy
