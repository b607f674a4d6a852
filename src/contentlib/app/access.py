"""Creates the parts that authenticate and authorize callers: logins, roles, and the gate of every call."""

from __future__ import annotations

from dataclasses import dataclass

from contentlib.access.gate import AccessGate
from contentlib.access.guessing import GuardedPasswords
from contentlib.access.logins import LoginRules, Logins
from contentlib.access.names import UserNames
from contentlib.access.passwords import Argon2Passwords
from contentlib.access.roles import Roles
from contentlib.app.core import Core

_CHALLENGE = 'Basic realm="contentlib"'


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of who may call."""

    logins: Logins
    roles: Roles
    gate: AccessGate


def access_of(core: Core) -> Access:
    """The rules of who may call, over the stores of a process."""
    logins, roles = _logins(core), Roles(core.metadata, {})
    return Access(logins, roles, AccessGate(logins, roles))


def _logins(core: Core) -> Logins:
    settings, passwords = core.settings, Argon2Passwords()
    guarded, names = GuardedPasswords(passwords), UserNames(settings.admin_name)
    idle, most = settings.session_idle_seconds * 1000, settings.sessions_per_user
    rules = LoginRules(idle, most, _CHALLENGE, passwords.decoy())
    return Logins(core.metadata, guarded, names, core.leases, core.clock, rules)
