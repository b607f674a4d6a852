"""Implements `contentlib login`: logs in to a server with an identity provider, from a terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from contentlib.cli.progress import told

if TYPE_CHECKING:
    from contentlib.oidc.documents import Documents
    from contentlib.outbound.client import Outbound

_DISCOVERY = "/.well-known/openid-configuration"
_MOST_BYTES = 65_536

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
    from contentlib.outbound.problems import RequestFailed

    hosts = [urlsplit(each).hostname or "" for each in (server, issuer)]  # the user chose them
    outbound = Outbound(OutboundPolicy(hosts), ca_bundle=ca)
    documents = Documents(outbound)
    try:
        flow = DeviceFlow(documents, await _endpoints(documents, issuer), client_id)
        code = await flow.begin(scope.split())
        typer.echo(f"open {code.verification_uri_complete or code.verification_uri} and enter {code.user_code}", err=True)
        return await _session(outbound, server, await flow.access_token(code))
    except (DeviceLoginFailed, ProviderFailed, RequestFailed) as error:
        raise RuntimeError(str(error)) from error
    finally:
        await outbound.close()


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


async def _session(outbound: Outbound, server: str, access_token: str) -> str:
    """A login session of the server for an access token."""
    async with outbound.send(f"{server}/api/session", {"Authorization": f"Bearer {access_token}"}, {}) as answer:
        data = bytearray()
        while (piece := await answer.read()) and len(data) < _MOST_BYTES:
            data += piece
        if answer.status not in (200, 201):
            raise RuntimeError(
                f"{server} refused the login with status {answer.status}: {data[:500].decode('utf-8', 'replace')}"
            )
        return data.decode("ascii", "replace").strip().strip('"')
