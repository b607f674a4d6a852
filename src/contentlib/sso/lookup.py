"""Serves the look-up service: /lookupservice/sdk, by which clients find the addresses of the other services."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from contentlib.http.bodies import Bodies
from contentlib.http.message import Request, Response
from contentlib.sso.managed import ManagedCall, ManagedService, Methods, base_url
from contentlib.sso.sts import PATH as STS_PATH
from contentlib.vim.collector import child, text
from contentlib.vim.faults import VimFault
from contentlib.vim.values import Array, Data, Reference, Value

_SPACE = "urn:lookup"
_REGISTRATION = Reference("LookupServiceRegistration", "ServiceRegistration")
_L10N = Reference("LookupL10n", "L10n")
_VERSION = "2.0"
_CIS = "com.vmware.cis"
_GROUP = f"{_CIS}.cm.GroupInternalId"
_NAMESPACE = uuid.UUID("5b3b4bd2-2d0f-5d0c-9bb4-7d6cf7a3a8a5")  # so that a server has the same identifiers after each start


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """An address of a service: its protocol, type and path."""

    protocol: str
    type: str
    path: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A service: its product, type, version, owner and addresses."""

    product: str
    type: str
    version: str
    endpoints: tuple[ServiceAddress, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """This server in the look-up service. `certificates` are its chain in DER."""

    guid: str
    domain: str
    version: str
    name: str
    public_url: str | None
    certificates: tuple[bytes, ...] = ()

    @property
    def id(self) -> str:
        """The identifier of the site."""
        return self.domain.partition(".")[0]


def registrations(site: Site) -> tuple[Registration, ...]:
    """The services that clients look for. PowerCLI still asks for the STS by its obsolete type as well."""
    sts = ServiceAddress("wsTrust", f"{_CIS}.cs.identity.sso", f"{STS_PATH}/{site.domain}")
    admin = ServiceAddress("vmomi", f"{_CIS}.cs.identity.admin", f"/sso-adminserver/sdk/{site.domain}")
    vapi = [
        ServiceAddress(f"{form}.https{reach}", "com.vmware.vapi.endpoint", path)
        for form, path in (("vapi.json", "/api"), ("rest", "/rest"))
        for reach in ("", ".public")
    ]
    return (
        Registration(_CIS, "cs.identity", _VERSION, (sts, admin)),
        Registration(_CIS, "sso:sts", _VERSION, (sts,)),
        Registration(_CIS, "cs.vapi", _VERSION, tuple(vapi)),
        Registration(_CIS, "vcenterserver", site.version, (ServiceAddress("vmomi", "com.vmware.vim", "/sdk"),)),
        Registration("com.vmware.vim.sms", "sms", _VERSION, (ServiceAddress("https", "com.vmware.vim.pbm", "/pbm"),)),
        Registration(_CIS, "cs.lookup", _VERSION, (ServiceAddress("vmomi", f"{_CIS}.cs.lookup.lookup", "/lookupservice/sdk"),)),
    )


class LookupService:
    """Lists the services of this server, to callers without a login as well."""

    def __init__(self, site: Site, bodies: Bodies) -> None:
        self._site = site
        self._registrations = registrations(site)
        methods: Methods = {"RetrieveServiceContent": self._content, "List": self._list, "GetSiteId": self._site_id}
        self._service = ManagedService(_SPACE, methods, bodies)

    def speaks(self, path: str) -> bool:
        """Whether a path is that of the service."""
        return path == "/lookupservice/sdk"

    async def handle(self, request: Request) -> Response:
        """Answers a request."""
        return await self._service.handle(request)

    def failed(self, request: Request, error: Exception) -> Response:
        """Returns the fault for a failure of the server."""
        return self._service.failed(request, error)

    async def _content(self, _call: ManagedCall) -> Value:
        fields = {
            "lookupService": Reference("LookupLookupService", "lookupService"),
            "serviceRegistration": _REGISTRATION,
            "deploymentInformationService": Reference("LookupDeploymentInformationService", "deploymentInformationService"),
            "l10n": _L10N,
        }
        return Data("LookupServiceContent", fields)

    async def _site_id(self, _call: ManagedCall) -> Value:
        return self._site.id

    async def _list(self, call: ManagedCall) -> Value:
        """The registrations that a filter selects, with the endpoints that it selects."""
        wanted = child(call.method, "filterCriteria")
        if wanted is None:  # as a vCenter answers
            raise VimFault("filterCriteria is required", Data("LookupFaultServiceFault"))
        url = base_url(call.request, self._site.public_url)
        return Array("LookupServiceRegistrationInfo", [self._info(*each, url) for each in self._selected(wanted)])

    def _selected(self, wanted: etree._Element) -> Iterator[tuple[Registration, tuple[ServiceAddress, ...]]]:
        if text(wanted, "siteId") not in (None, "", self._site.id) or text(wanted, "nodeId") not in (None, "", self._site.guid):
            return
        service, endpoint = child(wanted, "serviceType"), child(wanted, "endpointType")
        for each in self._registrations:
            if not _fits(service, product=each.product, type=each.type):
                continue
            found = tuple(one for one in each.endpoints if _fits(endpoint, protocol=one.protocol, type=one.type))
            if found:
                yield each, found

    def _info(self, each: Registration, endpoints: tuple[ServiceAddress, ...], url: str) -> Data:
        is_server = each.type == "vcenterserver"
        identifier = self._site.guid if is_server else str(uuid.uuid5(_NAMESPACE, f"{self._site.guid}/{each.type}"))
        attributes = {_GROUP: "com.vmware.vim.vcenter", "com.vmware.vim.vcenter.instanceName": self._site.name}
        return Data(
            "LookupServiceRegistrationInfo",
            {
                "serviceVersion": each.version,
                "serviceEndpoints": Array("LookupServiceRegistrationEndpoint", [self._endpoint(one, url) for one in endpoints]),
                "serviceAttributes": _attributes(attributes if is_server else {}),
                "ownerId": f"contentlib@{self._site.domain}",
                "serviceType": Data("LookupServiceRegistrationServiceType", {"product": each.product, "type": each.type}),
                "nodeId": self._site.guid,
                "serviceId": identifier,
                "siteId": self._site.id,
            },
        )

    def _endpoint(self, each: ServiceAddress, url: str) -> Data:
        trust = [base64.b64encode(one).decode("ascii") for one in self._site.certificates]
        return Data(
            "LookupServiceRegistrationEndpoint",
            {
                "url": f"{url}{each.path}",
                "endpointType": Data("LookupServiceRegistrationEndpointType", {"protocol": each.protocol, "type": each.type}),
                "sslTrust": Array("string", trust),
            },
        )


def _fits(wanted: etree._Element | None, **values: str) -> bool:
    """Whether each member of a filter that is set has the value."""
    return wanted is None or all(text(wanted, name) in (None, "", value) for name, value in values.items())


def _attributes(values: dict[str, str]) -> Array:
    kind = "LookupServiceRegistrationAttribute"
    return Array(kind, [Data(kind, {"key": key, "value": value}) for key, value in values.items()])
