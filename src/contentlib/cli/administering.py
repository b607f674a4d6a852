"""Opens the rules of users and permissions for a command, beside a server or without one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from contentlib.cli.progress import told
from contentlib.cli.settings import prepare, settings_or_exit

if TYPE_CHECKING:
    from contentlib.access.api_tokens import ApiTokens
    from contentlib.access.grants import Grants
    from contentlib.access.groups import Groups
    from contentlib.access.own_roles import OwnRoles
    from contentlib.access.users import Users
    from contentlib.library.catalog.quotas import Quotas
    from contentlib.library.following.contacts import Contacts
    from contentlib.library.following.subscriber_credentials import SubscriberCredentials
    from contentlib.settings import Settings

Answer = TypeVar("Answer")
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="File with the password; - is standard input. Else it is asked for."),
]
IsGroup = Annotated[bool, typer.Option("--group", help="The name is that of a group, not of a user.")]


@dataclass(frozen=True, slots=True)
class Administration:
    """The rules, for a command that may read and write the data directory."""

    users: Users
    groups: Groups
    roles: OwnRoles
    grants: Grants
    tokens: ApiTokens
    quotas: Quotas
    subscribers: SubscriberCredentials
    contacts: Contacts


def administer(config: Path | None, data_dir: Path | None, work: Callable[[Administration], Awaitable[Answer]]) -> Answer:
    """Runs work on a data directory and returns its result. Prints an error and exits with 1 if it fails."""
    settings = settings_or_exit(config, data_dir)
    with told():
        check_database(settings)
        prepare(settings)
        return asyncio.run(_run(settings, work))


def check_database(settings: Settings) -> None:
    """Raises RuntimeError if the data directory is not that of a server."""
    from contentlib.stores import database_of

    if not database_of(settings).exists():
        raise RuntimeError(f"data directory {settings.data_dir} has no database; start the server once to make it")


async def _run(settings: Settings, work: Callable[[Administration], Awaitable[Answer]]) -> Answer:
    from contentlib.access.api_tokens import ApiTokens
    from contentlib.access.grants import Grants
    from contentlib.access.groups import Groups
    from contentlib.access.guessing import GuardedPasswords
    from contentlib.access.names import UserNames
    from contentlib.access.own_roles import OwnRoles
    from contentlib.access.password_policy import PasswordPolicy
    from contentlib.access.passwords import Argon2Passwords
    from contentlib.access.users import Users
    from contentlib.library.catalog.quotas import Quotas
    from contentlib.library.clock import SystemClock
    from contentlib.library.following.contacts import Contacts
    from contentlib.library.following.subscriber_credentials import SubscriberCredentials
    from contentlib.stores import open_rows

    metadata, passwords = open_rows(settings), Argon2Passwords()
    policy = PasswordPolicy(settings.password_length, settings.breached_passwords)
    users = Users(metadata, passwords, GuardedPasswords(passwords), policy, UserNames(settings.admin_name))
    clock = SystemClock()
    rules = Administration(
        users,
        Groups(metadata),
        OwnRoles(metadata),
        Grants(metadata),
        ApiTokens(metadata, clock),
        Quotas(metadata),
        SubscriberCredentials(metadata, clock),
        Contacts(metadata, clock),
    )
    try:
        return await work(rules)
    finally:
        await metadata.close()


def read_password(file: Path | None) -> str:
    """The password in a file, or one that is typed twice."""
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    return text.rstrip("\r\n")


def table(rows: list[tuple[str, ...]]) -> None:
    """Prints rows in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        typer.echo("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
