"""Implements the command line, one module per command. Imports are deferred to keep the start fast."""

from __future__ import annotations

import typer

from contentlib.cli import modes
from contentlib.cli.adopt import adopt
from contentlib.cli.audit import audit
from contentlib.cli.bundle import bundle
from contentlib.cli.ldap import ldap
from contentlib.cli.login import login
from contentlib.cli.nodes import nodes
from contentlib.cli.people import group, user
from contentlib.cli.permits import permission, role, token
from contentlib.cli.publish_static import publish_static
from contentlib.cli.quotas import quota
from contentlib.cli.secrets import secret
from contentlib.cli.serve import serve
from contentlib.cli.settings import settings
from contentlib.cli.subscribers import subscriber
from contentlib.cli.version import version

# Typer's own tracebacks show local variables, and secrets among them.
application = typer.Typer(
    help="A self-hosted Content Library Service.", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)
for command in (adopt, login, nodes, publish_static, serve, settings, version):
    application.command()(command)
for name, commands in {
    "audit": audit,
    "bundle": bundle,
    "group": group,
    "ldap": ldap,
    "permission": permission,
    "quota": quota,
    "role": role,
    "secret": secret,
    "subscriber": subscriber,
    "token": token,
    "user": user,
}.items():
    application.add_typer(commands, name=name)


def main() -> None:
    """Runs the command of the command line. Files that it creates are private."""
    modes.private()
    application()
