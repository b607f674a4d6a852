"""Implements `contentlib login`: logs in to a server with an identity provider, a password or an API token."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple
from urllib.parse import urlsplit

import typer

from contentlib.cli.progress import told
from contentlib.cli.remote.running import AsJson, run_to_end
from contentlib.cli.remote.showing import done

if TYPE_CHECKING:
    from contentlib.oidc.documents import Documents

_DISCOVERY = "/.well-known/openid-configuration"
_LOGINS = "/cls/login"
_SESSION = re.compile(r"[A-Za-z0-9._~:-]{1,512}")

Server = Annotated[str, typer.Argument(metavar="URL", help="URL of the server, such as https://images.example.com:8443.")]
ProviderName = Annotated[
    str | None, typer.Option("--provider", metavar="NAME", help="Provider, if the server has several.", show_default=False)
]
IssuerUrl = Annotated[
    str | None, typer.Option("--issuer", metavar="URL", help="Issuer of a provider that the server does not name.")
]
ClientId = Annotated[
    str | None,
    typer.Option("--client-id", metavar="ID", help="Client at the issuer that may use device codes, without a secret."),
]
Scope = Annotated[str, typer.Option("--scope", metavar="TEXT", help="Scopes to ask for, separated by spaces.")]
Ca = Annotated[
    Path | None, typer.Option("--ca", metavar="FILE", help="PEM file with certificates to trust, beside the system's.")
]
Thumbprint = Annotated[
    str | None, typer.Option("--thumbprint", metavar="HEX", help="Trust the one certificate with this SHA-256 or SHA-1 digest.")
]
NewProfile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Keep the login under this name, for other commands.")
]
User = Annotated[str | None, typer.Option("--user", metavar="NAME", help="Log in with the password of this user.")]
LoginPassword = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="File with the password; - is standard input.")
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="File with an API token to log in with; - is standard input."),
]


class _Client(NamedTuple):
    """A client at an identity provider."""

    issuer: str
    id: str


def login(
    server: Server,
    user: User = None,
    password_file: LoginPassword = None,
    token_file: TokenFile = None,
    provider: ProviderName = None,
    issuer: IssuerUrl = None,
    client_id: ClientId = None,
    scope: Scope = "openid",
    ca: Ca = None,
    thumbprint: Thumbprint = None,
    profile: NewProfile = None,
    as_json: AsJson = False,
) -> None:
    """Logs in with an identity provider, or with the password of --user or the token in --token-file.

    At a provider, open the printed address in any browser and enter the code. Without --profile, this login is not kept: the
    command prints the identifier of the session, which calls send as header `vmware-api-session-id`. Other logins are kept as
    the profile `default`, in a file that only you can read.
    """
    from contentlib.cli.remote import accounts

    server, trust = server.rstrip("/"), accounts.ServerTrust(ca, thumbprint)
    if user is not None or token_file is not None:
        accounts.keep(profile, server, trust, accounts.LoginSecrets(user, password_file, token_file), as_json)
        return
    with told():
        if (issuer is None) != (client_id is None):
            raise RuntimeError("--issuer and --client-id must be given together")
        if thumbprint is not None:
            raise RuntimeError("--thumbprint needs --user or --token-file; give --ca to log in with a provider")
        given = None if issuer is None or client_id is None else _Client(issuer, client_id)
        session = run_to_end(_logged_in(server, given, provider, scope, ca))
    if profile is None:
        done(session, as_json, session=session)
    else:
        accounts.keep_session(profile, server, trust, session, as_json)


async def _logged_in(server: str, given: _Client | None, provider: str | None, scope: str, ca: Path | None) -> str:
    from contentlib.oidc.device_flow import DeviceLoginFailed
    from contentlib.oidc.documents import ProviderFailed

    hosts = [usable_host("the server", server), *([] if given is None else [usable_host("--issuer", given.issuer)])]
    try:
        async with _documents(hosts, ca) as documents:
            listed = await _providers(documents, server)  # also with a given one: better than after a person has entered a code
        client = given or _chosen(listed, provider, server)
        async with _documents([*hosts, usable_host("the provider", client.issuer)], ca) as documents:
            return await _exchanged(documents, server, client, scope)
    except (DeviceLoginFailed, ProviderFailed) as error:
        raise RuntimeError(str(error)) from error


@asynccontextmanager
async def _documents(hosts: list[str], ca: Path | None) -> AsyncIterator[Documents]:
    """Reads documents of these hosts, which the user or the user's server chose, wherever they are."""
    from contentlib.oidc.documents import Documents
    from contentlib.outbound.client import Outbound
    from contentlib.outbound.policy import OutboundPolicy

    documents = Documents(Outbound(OutboundPolicy(hosts), ca_bundle=ca))
    try:
        yield documents
    finally:
        await documents.close()


async def _exchanged(documents: Documents, server: str, client: _Client, scope: str) -> str:
    """A session of the server for a token that the provider gives to a person with a code."""
    from contentlib.oidc.device_flow import DeviceFlow

    flow = DeviceFlow(documents, await _endpoints(documents, client.issuer), client.id)
    code = await flow.begin(scope.split())
    typer.echo(f"open {code.verification_uri_complete or code.verification_uri} and enter {code.user_code}", err=True)
    return await _session(documents, server, await flow.access_token(code))


def usable_host(what: str, url: str) -> str:
    """The host of a URL that secrets may be sent to, or that names where they are sent to."""
    from contentlib.settings.sign_on import check_url

    try:
        check_url(url, insecure_loopback=True)
        parts = urlsplit(url)
        _ = parts.port  # ValueError if it is not a number of a port
        return parts.hostname or ""
    except ValueError as error:
        raise RuntimeError(f"URL {url[:200]!r} of {what} is not usable: {error}") from error


async def _endpoints(documents: Documents, issuer: str) -> tuple[str, str]:
    """The provider's endpoints for device codes and for tokens."""
    from contentlib.settings.sign_on import check_url

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


async def _providers(documents: Documents, server: str) -> dict[str, _Client]:
    """The providers of a server whose clients may use device codes, by name."""
    status, data = await documents.exchange_bytes(f"{server}{_LOGINS}")
    listed = _decoded(data)
    if status != 200 or not isinstance(listed, list):
        raise RuntimeError(f"{server}{_LOGINS} answered {status}; the URL must be that of a contentlib server")
    found = {}
    for each in listed:
        match each:
            case {"name": str(name), "issuer": str(issuer), "client_id": str(client_id)}:
                found[name] = _Client(issuer, client_id)
    return found


def _chosen(providers: dict[str, _Client], name: str | None, server: str) -> _Client:
    """The provider of a name, or the only one."""
    shown = ", ".join(_printable(each) for each in sorted(providers))
    if not providers:
        raise RuntimeError(
            f"{server} names no provider with a client for device codes; give --issuer and --client-id, or --user"
        )
    if name is None and len(providers) > 1:
        raise RuntimeError(f"{server} has several providers; choose one with --provider: {shown}")
    client = next(iter(providers.values())) if name is None else providers.get(name)
    if client is None:
        raise RuntimeError(f"{server} has no provider {name!r}; available: {shown}")
    return client


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
            return f": {_printable(text)}"
    return ""


def _printable(text: str) -> str:
    """A text of a server as a terminal can show it."""
    return "".join(each for each in text if each.isprintable())[:500]


def _decoded(data: bytes) -> object:
    import msgspec

    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None  # such as the page of a proxy
