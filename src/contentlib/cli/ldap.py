"""Implements `contentlib ldap`: tries the settings of a directory."""

from __future__ import annotations

from typing import Annotated

import typer

from contentlib.cli.administering import PasswordFile, read_password
from contentlib.cli.progress import told
from contentlib.cli.settings import Config, settings_or_exit

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the directory in the settings.")]
User = Annotated[str | None, typer.Option("--user", metavar="LOGIN", help="Also log in as this user, without a domain.")]

ldap = typer.Typer(help="Manages LDAP directories.", no_args_is_help=True)


@ldap.callback()
def _of_several() -> None:
    """Keeps the name of the only command."""


@ldap.command("check")
def check_directory(name: Name, user: User = None, password_file: PasswordFile = None, config: Config = None) -> None:
    """Connects to a directory as the server does, and prints what works. Exits with 1 if something does not."""
    from contentlib.access.ldap.client import Conversation, DirectoryDown, LdapClient, UserRefused

    settings = settings_or_exit(config, None)
    provider = next((each for each in settings.ldap if each.name == name), None)
    with told():
        if provider is None:
            known = ", ".join(each.name for each in settings.ldap) or "none"
            raise RuntimeError(f"unknown directory {name!r}; configured: {known}")
        password = "" if user is None else read_password(password_file)
        client, conversation = LdapClient(provider), Conversation()
        try:
            for step in client.check(conversation):
                typer.echo(step)
            if user is not None:
                found = client.authenticate(user, password, lambda _: None, conversation)
                typer.echo(f"user {found.login}@{provider.domains[0]} with the identifier {found.subject} can log in")
                for group in found.groups:
                    typer.echo(f"group {group}")
        except (DirectoryDown, UserRefused) as error:
            raise RuntimeError(str(error)) from error
        finally:
            conversation.close()
