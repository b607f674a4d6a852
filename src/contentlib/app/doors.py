"""Creates the entry points of requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding

from contentlib import __version__
from contentlib.access.begun import BegunDownloads
from contentlib.access.clone_tickets import CloneTickets
from contentlib.access.names import UserNames
from contentlib.access.pacing import CallPace
from contentlib.app import log
from contentlib.app.access import Access
from contentlib.app.core import Core, Identity, login_secret
from contentlib.app.rules import Rules
from contentlib.app.services import services
from contentlib.console.front import Console
from contentlib.http.bodies import Bodies
from contentlib.http.failures import Form, in_plain_text
from contentlib.http.message import Answer, Request
from contentlib.jobs.operations import Operations
from contentlib.library.call_time import may_repeat
from contentlib.library.catalog.browsing import Browsing
from contentlib.library.packages.signatures import read_pem
from contentlib.library.ports import ChangedWhileRead
from contentlib.monitor import CountedBody, Gauges, Meter, Monitor, TransferMeter
from contentlib.nodes.buckets import SharedNumbers
from contentlib.oidc.front import LoginPages
from contentlib.services.faults import translate
from contentlib.sso.admin import AdministrationService
from contentlib.sso.lookup import LookupService, Site
from contentlib.sso.sts import SecurityTokenService, TokenDesk
from contentlib.stores import nodes_directory
from contentlib.transfer.concurrency import TransfersOfUsers
from contentlib.transfer.downloads import Accounts, Downloads
from contentlib.transfer.folders import Folders
from contentlib.transfer.front import Transfers
from contentlib.transfer.permits import GatePermits
from contentlib.transfer.uploads import Uploads
from contentlib.vapi.registry import Registry
from contentlib.vapi.types import Typed
from contentlib.vcsp.publishing.admission import Admission
from contentlib.vcsp.publishing.documents import Counters
from contentlib.vcsp.publishing.publisher import Publisher
from contentlib.vcsp.publishing.shelf import Shelf
from contentlib.vim.datastore_browser import DatastoreBrowser
from contentlib.vim.filters import CollectorFilters
from contentlib.vim.front import Product, Vim
from contentlib.vim.list_views import ListViews
from contentlib.vim.login_objects import LoginObjects
from contentlib.vim.methods import Entrance
from contentlib.vim.recent_tasks import RecentTasks
from contentlib.vim.task_history import TaskHistory
from contentlib.wire import Wire, WireOptions
from contentlib.wire.calls import call_of

_READY_SECONDS = 0.8  # /readyz answers within a second


@dataclass(frozen=True, slots=True)
class Door:
    """Handles the requests to some paths, counts them, and reports server errors in its form."""

    speaks: Callable[[str], bool]
    handle: Callable[[Request], Awaitable[Answer]]
    meter: Meter
    failed: Form = in_plain_text


def doors(core: Core, wire: Wire, transfers: Transfers, publisher: Publisher, vim: Vim, login_pages: LoginPages) -> list[Door]:
    """All doors, in the order in which they are asked whether a path is theirs."""
    gauges = Gauges(core.metadata, core.inventory, core.certificate)

    async def check() -> None:
        await _check(core)

    async def receive(request: Request) -> Answer:
        if not isinstance(request.stream, CountedBody):  # of a request that is repeated
            request.stream = CountedBody(request.stream)
        return await transfers.handle(request)

    console = Console(core.settings.public_url)
    monitor = Monitor(check, wire.openapi, gauges.text, console=console.built)
    return [
        Door(wire.speaks, wire.handle, Meter("api")),
        Door(transfers.speaks, receive, TransferMeter("transfer")),
        Door(publisher.speaks, publisher.handle, Meter("vcsp")),
        Door(vim.speaks, vim.handle, Meter("soap"), vim.failed),
        Door(login_pages.speaks, login_pages.handle, Meter("login")),
        Door(console.speaks, console.handle, Meter("console")),
        Door(monitor.speaks, monitor.handle, Meter("monitor")),
    ]


def _report(request: Request, operation: str, error: BaseException) -> None:
    """Logs a failure, unless the request is processed once more (`process`)."""
    if isinstance(error, ChangedWhileRead) and may_repeat():
        raise error
    log.request_failed(request, operation, error)


def wire_of(core: Core, rules: Rules, access: Access, identity: Identity, bodies: Bodies) -> Wire:
    """Speaks the services."""
    settings = core.settings

    def results(service: str, operation: str, kept: str) -> Typed | None:
        return wire.kept_result(service, operation, kept)

    wire = Wire(
        Registry(services(core, rules, access, identity, results), translate),
        access.gate,
        bodies=bodies,
        report=_report,
        submit=Operations(core.metadata, rules.tasks, core.signals.task_submitted).submit,
        options=WireOptions(
            settings.public_url, settings.check_answers, settings.strict, access.refusals.note, _pace(core).check
        ),
    )
    return wire


def transfers_of(core: Core, rules: Rules, access: Access, identity: Identity) -> Transfers:
    """Creates the door for the content of files."""
    permits = GatePermits(access.gate, call_of)
    users = TransfersOfUsers(lambda: core.limits.part(core.settings.transfers_per_user), core.limits.places)
    uploads = Uploads(rules.transfers, core.storages, core.leases, core.limits.throttle, users, core.signals.upload_wanted)
    accounts = Accounts(users, BegunDownloads(core.metadata).note)
    downloads = Downloads(rules.downloads, rules.items, core.blobs, core.leases, permits, accounts)
    transfers = Transfers(uploads, downloads, identity.addresses, permits, Folders(core.inventory), access.refusals.note)
    core.signals.session_ended.connect(transfers.ended)
    core.signals.upload_wanted.connect(uploads.give_way)
    return transfers


def _pace(core: Core) -> CallPace:
    numbers = SharedNumbers(nodes_directory(core.settings) / "calls.buckets")
    return CallPace(
        lambda: core.limits.part(core.settings.expensive_calls_per_minute), numbers=numbers, secret=login_secret(core)
    )


def publisher_of(core: Core, rules: Rules, access: Access) -> Publisher:
    """Serves published libraries."""
    counters = Counters(core.settings.published_version_floor)
    shelf = Shelf(core.metadata, core.blobs, counters, core.settings.published_lists_bytes)
    admission = Admission(rules.subscriber_credentials, access.library_passwords, core.library_passwords.decoy())
    begun = BegunDownloads(core.metadata).note
    return Publisher(shelf, core.blobs, admission, rules.contacts, access.refusals.note, begun)


def vim_of(core: Core, rules: Rules, access: Access, identity: Identity, bodies: Bodies) -> Vim:
    """Speaks the Web Services."""
    product = _product(core, identity)
    tickets = CloneTickets(core.metadata, access.logins, core.clock)
    objects = LoginObjects(core.metadata, core.clock)
    tasks = RecentTasks(rules.tasks, core.metadata, access.gate, core.clock)
    entrance = Entrance(
        access.logins,
        access.saml,
        tickets,
        CollectorFilters(objects),
        ListViews(objects),
        tasks,
        TaskHistory(objects, tasks),
        access.gate.may_look,
        access.refusals.note,
    )
    browser = DatastoreBrowser(core.inventory, Browsing(core.metadata), access.gate.readable)
    return Vim(core.inventory, browser, product, entrance, bodies, core.clock)


def single_sign_on(core: Core, access: Access, identity: Identity, bodies: Bodies) -> list[Door]:
    """The doors of the security token service, and of what clients ask for before it."""
    domain, refused = UserNames(core.settings.admin_name).domain, access.refusals.note
    desk = TokenDesk(access.tokens, access.logins, core.metadata, core.clock, domain, refused)
    sts = SecurityTokenService(desk, bodies)
    admin = AdministrationService(access.saml, access.logins, domain, bodies, refused)
    chain = [] if core.certificate is None else read_pem(core.certificate.decode("ascii", "replace"))
    certificates = tuple(each.public_bytes(Encoding.DER) for each in chain)
    product = _product(core, identity)
    site = Site(identity.guid, domain, product.version, product.name, core.settings.public_url, certificates)
    lookup = LookupService(site, bodies)
    return [Door(each.speaks, each.handle, Meter("soap"), each.failed) for each in (lookup, sts, admin)]


def _product(core: Core, identity: Identity) -> Product:
    name, version, build = core.settings.product_name, core.settings.product_version, core.settings.product_build
    full_name = f"contentlib {__version__}, a content library that speaks as {name} {version} build-{build}"
    return Product(name, version, build, full_name, identity.guid)


async def _check(core: Core) -> None:
    """OSError where the server is not ready: it is about to stop, or the database or a storage does not answer."""
    if core.draining.is_set():
        raise OSError("draining")
    try:
        await core.metadata.ping()
    except OSError as error:
        raise OSError(f"the database does not respond: {error}") from error
    await core.storages.check([each.id for each in core.settings.storage], _READY_SECONDS)
