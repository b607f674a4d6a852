"""Lists all commands."""

from __future__ import annotations

from contentlib.cli import new_application
from contentlib.cli.adopt import adopt
from contentlib.cli.audit import audit
from contentlib.cli.bundle import bundle
from contentlib.cli.completion import completion
from contentlib.cli.console_link import console_link
from contentlib.cli.healthcheck import healthcheck
from contentlib.cli.ldap import ldap
from contentlib.cli.login import login
from contentlib.cli.migrate import migrate
from contentlib.cli.nodes import nodes
from contentlib.cli.people import group, user
from contentlib.cli.permits import permission, role, token
from contentlib.cli.publish_static import publish_static
from contentlib.cli.quotas import quota
from contentlib.cli.remote.access import permissions, roles, tokens
from contentlib.cli.remote.accounts import logout, profiles
from contentlib.cli.remote.audit import query_audit
from contentlib.cli.remote.call import call
from contentlib.cli.remote.doctor import doctor
from contentlib.cli.remote.item import item, rollback, versions
from contentlib.cli.remote.labels import label_item, label_library
from contentlib.cli.remote.library import library
from contentlib.cli.remote.people import groups, users
from contentlib.cli.remote.tasks import tasks
from contentlib.cli.remote.transfers import copy_between, export_items, import_items, mirror
from contentlib.cli.remote.trash import trash
from contentlib.cli.secrets import secret
from contentlib.cli.serve import serve
from contentlib.cli.settings import settings
from contentlib.cli.storages import storages
from contentlib.cli.subscribers import subscriber
from contentlib.cli.version import version

_HELP = """A self-hosted Content Library Service.

Commands with --profile use the API of a server, from any machine; log in first. Commands with --data-dir and --config work on
the machine of a server, with the rights of the user who runs it.
"""

application = new_application(_HELP)
for command in (
    *(adopt, completion, healthcheck, migrate, nodes, publish_static, serve, settings, storages, version),
    *(call, doctor, login, logout, mirror, profiles, rollback, tasks, versions),
):
    application.command()(command)
application.command("console-link")(console_link)
application.command("cp")(copy_between)
application.command("export")(export_items)
application.command("import")(import_items)
audit.command("query")(query_audit)
item.command("label")(label_item)
library.command("label")(label_library)
for name, commands in {
    "audit": audit,
    "bundle": bundle,
    "group": group,
    "groups": groups,
    "item": item,
    "ldap": ldap,
    "library": library,
    "permission": permission,
    "permissions": permissions,
    "quota": quota,
    "role": role,
    "roles": roles,
    "secret": secret,
    "subscriber": subscriber,
    "token": token,
    "tokens": tokens,
    "trash": trash,
    "user": user,
    "users": users,
}.items():
    application.add_typer(commands, name=name)
