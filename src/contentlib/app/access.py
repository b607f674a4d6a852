"""Creates the parts that authenticate and authorize callers: logins, roles, and the gate of every call."""

from __future__ import annotations

from dataclasses import dataclass

from contentlib.access.api_tokens import ApiTokens
from contentlib.access.directories import Directories, NoDirectories
from contentlib.access.external import ExternalUsers
from contentlib.access.gate import AccessGate
from contentlib.access.guessing import GuardedPasswords
from contentlib.access.key_ring import KeyRing
from contentlib.access.logins import LoginRules, Logins
from contentlib.access.names import UserNames
from contentlib.access.password_policy import PasswordPolicy
from contentlib.access.passwords import Argon2Passwords
from contentlib.access.refusals import Refusals
from contentlib.access.rights import Decisions
from contentlib.access.saml import SamlTokens
from contentlib.access.scopes import Scopes
from contentlib.access.sealing import RingEncryption
from contentlib.access.users import Users
from contentlib.app.core import Core, login_secret
from contentlib.app.sign_on import SignOn
from contentlib.oidc.tokens import workload_of
from contentlib.sso.proofs import Proofs
from contentlib.sso.signing_keys import SigningKeys
from contentlib.sso.tokens import SecurityTokens

_RIGHT_PASSWORDS = 1024  # of published libraries; their clients send them with every request
_ISSUER = "/websso/SAML2/Metadata/"
_CHALLENGE = 'Basic realm="contentlib"'


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of who may call."""

    logins: Logins
    api_tokens: ApiTokens
    gate: AccessGate
    passwords: GuardedPasswords
    library_passwords: GuardedPasswords
    users: Users
    refusals: Refusals
    sign_on: SignOn
    tokens: SecurityTokens
    saml: SamlTokens


def access_of(core: Core) -> Access:
    """The rules of who may call, over the stores of a process."""
    settings, passwords, names = core.settings, Argon2Passwords(), UserNames(core.settings.admin_name)
    secret, api_tokens = login_secret(core), ApiTokens(core.metadata, core.clock)
    guarded = GuardedPasswords(passwords, secret=secret)
    of_libraries = GuardedPasswords(core.library_passwords, remember=_RIGHT_PASSWORDS, secret=secret)
    idle, most = settings.session_idle_seconds * 1000, settings.sessions_per_user
    external = ExternalUsers(core.metadata, names, _CHALLENGE)
    directories, sign_on = _directories(core, guarded, external), SignOn(core, external, names.domain)
    rules = LoginRules(idle, most, _CHALLENGE, passwords.decoy(), names, directories, sign_on.tokens, secret)
    logins = Logins(core.metadata, guarded, api_tokens, core.leases, core.clock, rules)
    refusals = Refusals(core.metadata)
    decisions = Decisions(core.metadata, core.clock, map(workload_of, settings.workload))
    gate = AccessGate(logins, decisions, Scopes(core.metadata), refusals.note)
    policy = PasswordPolicy(settings.password_length, settings.breached_passwords)
    users = Users(core.metadata, passwords, guarded, policy, names)
    tokens = _tokens(core, names.domain)
    saml = Proofs(tokens, core.metadata, core.clock)
    return Access(logins, api_tokens, gate, guarded, of_libraries, users, refusals, sign_on, tokens, saml)


def _tokens(core: Core, domain: str) -> SecurityTokens:
    keys = SigningKeys(core.metadata, RingEncryption(KeyRing(core.settings.sealing_key)), core.clock)
    return SecurityTokens(
        keys, core.metadata, core.clock, f"{core.settings.public_url or 'https://contentlib'}{_ISSUER}{domain}"
    )


def _directories(core: Core, guarded: GuardedPasswords, users: ExternalUsers) -> Directories:
    """The directories of the settings."""
    settings = core.settings
    if not settings.ldap:
        return NoDirectories()
    from contentlib.access.ldap.logins import Directory, LdapDirectories  # half a second for a large package

    return LdapDirectories([Directory(each, settings.workers) for each in settings.ldap], guarded, users)
