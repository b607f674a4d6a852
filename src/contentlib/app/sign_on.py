"""Creates the parts of single sign-on from the settings: issuers, their tokens, and the pages of logins."""

from __future__ import annotations

import time

from contentlib.access.external import ExternalUsers
from contentlib.access.keys import SecretKey
from contentlib.access.logins import Logins
from contentlib.access.refusals import OnRefusal
from contentlib.app.core import Core
from contentlib.http.bodies import Bodies
from contentlib.oidc.browser_logins import BrowserLogins
from contentlib.oidc.code_flow import CodeFlow
from contentlib.oidc.documents import Documents
from contentlib.oidc.front import ExternalLogins, LoginPages
from contentlib.oidc.issuers import Issuer
from contentlib.oidc.tokens import Accepted, ProviderTokens
from contentlib.outbound.configured import provider_outbound_of
from contentlib.settings import Settings
from contentlib.settings.sign_on import OidcProvider, WorkloadRule

_KEY_FILE = "sign-on.key"


class SignOn:
    """The providers of a process."""

    def __init__(self, core: Core, users: ExternalUsers, local_domain: str) -> None:
        settings = core.settings
        self._core = core
        self._users = users
        self._local_domain = local_domain
        tables: dict[str, list[OidcProvider | WorkloadRule]] = {}
        both: list[OidcProvider | WorkloadRule] = [*settings.oidc, *settings.workload]
        for each in both:
            tables.setdefault(each.issuer, []).append(each)
        self._issuers = {url: _issuer(settings, url, found) for url, found in tables.items()}
        accepted = [_accepted(settings, issuer) for issuer in self._issuers.values()]
        self.tokens = ProviderTokens(accepted, users, core.metadata, core.clock, local_domain)

    def pages(self, logins: Logins, refused: OnRefusal, bodies: Bodies) -> LoginPages:
        """The pages of logins. Makes the key of logins that have begun, if there are providers."""
        core, flows = self._core, []
        if core.settings.oidc:
            key = SecretKey(core.settings.keys / _KEY_FILE)
            key.make()
            browser_logins = BrowserLogins(key.read())
            flows = [
                CodeFlow(each, self._issuers[each.issuer], browser_logins, core.clock, self._local_domain)
                for each in core.settings.oidc
            ]
        return LoginPages(flows, ExternalLogins(self._users, logins, refused), core.metadata, core.settings.public_url, bodies)

    async def close(self) -> None:
        """Ends requests to providers."""
        for each in self._issuers.values():
            await each.close()


def _issuer(settings: Settings, url: str, tables: list[OidcProvider | WorkloadRule]) -> Issuer:
    """An issuer, with what any of its tables says of it."""
    ca_file = next((each.ca_file for each in tables if each.ca_file is not None), None)
    keys_file = next((each.keys_file for each in tables if isinstance(each, WorkloadRule) and each.keys_file), None)
    insecure = any(each.insecure_loopback for each in tables)
    documents = Documents(provider_outbound_of(settings, url, ca_file))
    return Issuer(url, documents, time.monotonic, insecure_loopback=insecure, keys_file=keys_file)


def _accepted(settings: Settings, issuer: Issuer) -> Accepted:
    provider = next((each for each in settings.oidc if each.issuer == issuer.url), None)
    return Accepted(issuer, provider, tuple(each for each in settings.workload if each.issuer == issuer.url))
