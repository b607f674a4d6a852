"""Implements `contentlib logout` and `profiles`, and keeps logins as profiles."""

from __future__ import annotations

import base64
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, at_server, failing, kept_profiles, run_to_end
from contentlib.cli.remote.showing import done, show, show_json

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.client.profiles import Profile

Chosen = Annotated[str, typer.Argument(metavar="NAME", help="Profile to remove.")]


@dataclass(frozen=True, slots=True)
class ServerTrust:
    """How the certificate of a server is verified, as the command line says it."""

    ca: Path | None = None
    thumbprint: str | None = None


@dataclass(frozen=True, slots=True)
class LoginSecrets:
    """How a user logs in, as the command line says it."""

    user: str | None = None
    password_file: Path | None = None
    token_file: Path | None = None


def keep(profile: str | None, server: str, trust: ServerTrust, secrets: LoginSecrets, as_json: bool) -> None:
    """Logs in with a password or an API token, and keeps the login as a profile."""
    token = None if secrets.token_file is None else _read(secrets.token_file)
    credentials = None if token is not None else _credentials(secrets)
    _keep(profile or DEFAULT_PROFILE, _profile(server, trust, token=token), credentials, as_json)


def keep_session(profile: str, server: str, trust: ServerTrust, session: str, as_json: bool) -> None:
    """Keeps a login session as a profile."""
    _keep(profile, _profile(server, trust, session=session), None, as_json)


def logout(profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Ends the session of a profile, and removes the profile. An API token remains valid until it is removed."""
    from contentlib.client.failures import ClientFailed

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.cis_session import SessionService

        if connection.profile.session is not None:
            try:
                await connection.call(SessionService.delete)
            except ClientFailed as error:  # it may have expired, and the server may be gone
                typer.echo(f"contentlib: the session was not ended: {error}", err=True)

    with failing():
        if profile not in kept_profiles().all():
            kept_profiles().get(profile)  # says which there are
    with suppress(typer.Exit):  # a secret that cannot be read has been reported, and the profile is removed all the same
        at_server(profile, work)
    with failing():
        kept_profiles().remove(profile)
    done(f"profile {profile!r} was removed", as_json, profile=profile)


def profiles(as_json: AsJson = False) -> None:
    """Lists the servers that you have logged in to, without their secrets."""
    with failing():
        found = kept_profiles().all()
    shown = [{"name": name, "url": each.url, "user": each.user} for name, each in sorted(found.items())]
    show(shown, as_json, [tuple(each.values()) for each in shown])


def _profile(server: str, trust: ServerTrust, session: str | None = None, token: str | None = None) -> Profile:
    from contentlib.cli.login import usable_host
    from contentlib.cli.progress import told
    from contentlib.client.profiles import Profile

    with told():
        usable_host("the server", server)
    ca = None if trust.ca is None else str(trust.ca.resolve())
    return Profile(server, session=session, token=token, ca=ca, thumbprint=trust.thumbprint)


def _credentials(secrets: LoginSecrets) -> str:
    if secrets.password_file is None:
        password = str(typer.prompt("Password", hide_input=True, err=True))
    else:
        password = _read(secrets.password_file)
    return "Basic " + base64.b64encode(f"{secrets.user}:{password}".encode()).decode()


def _read(file: Path) -> str:
    with failing():
        return (sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")).rstrip("\r\n")


def _keep(name: str, profile: Profile, credentials: str | None, as_json: bool) -> None:
    with failing():
        kept = run_to_end(_verified(profile, credentials))
        kept_profiles().put(name, kept)
    if as_json:
        show_json({"profile": name, "url": kept.url, "user": kept.user})
    typer.echo(f"logged in to {kept.url} as {kept.user} (profile {name!r})", err=True)


async def _verified(profile: Profile, credentials: str | None) -> Profile:
    """The profile with a session that the server has accepted, and the name of its user."""
    import msgspec

    from contentlib.client.connection import ServerConnection, presented, usable_url
    from contentlib.client.failures import NotTrusted
    from contentlib.client.requests import ApiRequest, operation_of, value_of
    from contentlib.services.cis_session import SessionService
    from contentlib.services.contentlib_access_self import SelfService

    if credentials is not None:
        request = ApiRequest("POST", "/api/session", {"Authorization": credentials}, None, repeatable=False)
        async with ServerConnection(profile) as connection:
            try:
                session = value_of(operation_of(SessionService.create), await connection.send(request))
            except NotTrusted as error:
                url = usable_url(profile.url)
                thumbprint, _ = await presented(url.host or "", url.port or 443)
                raise NotTrusted(f"{error}. Its SHA-256 digest is {thumbprint}") from error
        profile = msgspec.structs.replace(profile, session=session)
    async with ServerConnection(profile) as connection:
        found = await connection.call(SelfService.get)
    return msgspec.structs.replace(profile, user=found.user)
