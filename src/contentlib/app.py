"""Puts the parts together; the only module that knows them all."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
from cryptography.hazmat.primitives.serialization import Encoding

from contentlib import __version__
from contentlib.access.gate import AccessGate
from contentlib.access.guessing import GuardedPasswords
from contentlib.access.keys import SecretKey
from contentlib.access.logins import Logins
from contentlib.access.names import UserNames
from contentlib.access.passwords import Argon2Passwords
from contentlib.access.roles import ADMINISTRATOR, Roles
from contentlib.access.sealing import KeyFile
from contentlib.fetching.bringing import Means
from contentlib.fetching.pull import Parts, Pulls
from contentlib.fetching.sync import Parts as SyncParts
from contentlib.fetching.sync import Syncs
from contentlib.http.asgi import Application
from contentlib.http.bodies import Bodies
from contentlib.http.failures import RETRY, failure
from contentlib.http.message import Answer, Disconnected, Request, Response, refusal, tidied
from contentlib.http.messages import NO_SUCH_PAGE, NO_SUCH_PAGE_BUT, NOT_RUNNING, SERVER_FAILED
from contentlib.http.pieces import Share, paced
from contentlib.inventory import Datastore, Inventory
from contentlib.jobs.collect import Collector
from contentlib.jobs.expire import Expiry
from contentlib.jobs.migrating import Migrating
from contentlib.jobs.operations import KIND as OPERATION
from contentlib.jobs.operations import Operations, performing
from contentlib.jobs.runner import Job, Runner
from contentlib.jobs.schedule import Schedule
from contentlib.jobs.worker import Worker
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.bytes.storages import Storages
from contentlib.library.catalog.configuration import Configurations
from contentlib.library.catalog.conversion import Conversions
from contentlib.library.catalog.history import History
from contentlib.library.catalog.items import Items
from contentlib.library.catalog.libraries import Libraries
from contentlib.library.catalog.library_names import LibraryNames
from contentlib.library.catalog.limits import Limits
from contentlib.library.catalog.migration import KIND as MIGRATION
from contentlib.library.catalog.migration import Migrations
from contentlib.library.catalog.retention import Retentions
from contentlib.library.catalog.trash import Trash
from contentlib.library.catalog.upkeep import Upkeep
from contentlib.library.catalog.usages import Usages
from contentlib.library.catalogs import Catalog
from contentlib.library.clock import Clock, EvenClock
from contentlib.library.errors import Fault
from contentlib.library.following.mirror import Mirror
from contentlib.library.following.own_catalogs import OwnCatalogs, OwnProbes
from contentlib.library.following.subscribed import KIND as SYNC
from contentlib.library.following.subscribed import SubscribedLibraries
from contentlib.library.following.subscribers import Subscribers
from contentlib.library.leases import Leases
from contentlib.library.model import Library, Retention, User
from contentlib.library.names import fold
from contentlib.library.packages.signatures import read_pem
from contentlib.library.packages.trust import Trust
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.sessions.completion import Completion
from contentlib.library.sessions.download_sessions import DownloadSessions
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.library.sessions.messages import SERVER_STOPPED
from contentlib.library.sessions.pulls import KIND as PULL
from contentlib.library.sessions.pulls import PullTasks
from contentlib.library.sessions.sealing import Sealing
from contentlib.library.sessions.settling import Settling
from contentlib.library.sessions.update_files import UpdateFiles
from contentlib.library.sessions.update_sessions import UpdateSessions
from contentlib.library.sessions.upload_rules import UploadRules
from contentlib.library.tasks import Tasks
from contentlib.library.timekeeping import follow, go_on, note
from contentlib.metadata.ballast import Ballast
from contentlib.metadata.migrate import upgrade
from contentlib.monitor import CountedBody, Gauges, Meter, Monitor, TransferMeter, count_failed_job, count_left_out
from contentlib.outbound.configured import outbound_of
from contentlib.outbound.probing import Probes
from contentlib.outbound.roots import system_roots
from contentlib.outbound.sources import Sources
from contentlib.services.cis_session import SessionService
from contentlib.services.cis_tasks import TasksService
from contentlib.services.content_configuration import ConfigurationService
from contentlib.services.content_library import LibraryService
from contentlib.services.content_library_item import ItemService
from contentlib.services.content_library_item_changes import ChangesService
from contentlib.services.content_library_item_download_session import DownloadSessionService
from contentlib.services.content_library_item_downloadsession_file import DownloadFileService
from contentlib.services.content_library_item_file import FileService
from contentlib.services.content_library_item_storage import StorageService
from contentlib.services.content_library_item_update_session import UpdateSessionService
from contentlib.services.content_library_item_updatesession_file import UpdateFileService
from contentlib.services.content_library_subscribed_item import SubscribedItemService
from contentlib.services.content_library_subscriptions import SubscriptionsService
from contentlib.services.content_library_usages import UsagesService
from contentlib.services.content_local_library import LocalLibraryService
from contentlib.services.content_security_policies import SecurityPoliciesService
from contentlib.services.content_subscribed_library import SubscribedLibraryService
from contentlib.services.content_trusted_certificates import TrustedCertificatesService
from contentlib.services.content_type import TypeService
from contentlib.services.contentlib_library_item_versions import VersionsService
from contentlib.services.contentlib_library_retention import RetentionService
from contentlib.services.contentlib_library_trash import TrashService
from contentlib.services.faults import translate
from contentlib.services.vcenter_datacenter import DatacenterService
from contentlib.services.vcenter_datastore import DatastoreService
from contentlib.services.vcenter_folder import FolderService
from contentlib.settings import Settings
from contentlib.stores import claim_storages, open_bytes, open_rows, own_storages
from contentlib.structures.conversions import Endpoints
from contentlib.transfer.addresses import SignedAddresses, shown
from contentlib.transfer.front import Transfers
from contentlib.vapi.declare import Service
from contentlib.vapi.registry import Registry
from contentlib.vapi.types import Typed
from contentlib.vcsp.publishing.documents import Counters
from contentlib.vcsp.publishing.publisher import Publisher
from contentlib.vcsp.publishing.shelf import Shelf
from contentlib.vcsp.reading.asking import Limits as AskingLimits
from contentlib.vcsp.reading.probing import SubscriptionProbes
from contentlib.vcsp.reading.reader import Reader
from contentlib.vcsp.trees.persisting import Persisting
from contentlib.vim.front import Product, Vim
from contentlib.wire import Wire
from contentlib.wire.calls import token_of

_SEALING_KEY = "sealing.key"
_TRANSFER_KEY = "transfer_key"  # where an earlier version kept it
_TRANSFER_KEY_FILE = "transfer.key"
_READY_SECONDS = 0.8  # /readyz answers within a second
_WAITING_PULLS = 20  # beside those that fill the pool of transfers, so that one that ends is followed at once
_NOWHERE = Meter("none")
_RIGHT_PASSWORDS = 1024  # of published libraries; their clients send them with every request
_CHALLENGE = 'Basic realm="contentlib"'
_LOG = structlog.stdlib.get_logger(__name__)

Handle = Callable[[Request], Awaitable[Answer]]


def prepare(settings: Settings) -> str | None:
    """Makes the data directory ready for its workers; answers the administrator's password if it was generated."""
    upgrade(settings.database)
    Ballast(settings.database).restore()
    return asyncio.run(_prepare(open_rows(settings), settings))


async def _prepare(metadata: MetadataStore, settings: Settings) -> str | None:
    try:
        async with metadata.transaction(durable=True) as transaction:
            await _keep_transfer_key(transaction, SecretKey(settings.data_dir / _TRANSFER_KEY_FILE))
            await go_on(transaction, EvenClock())
        await claim_storages(metadata, open_bytes(settings))
        async with metadata.transaction(durable=True) as transaction:
            stopped = SERVER_STOPPED()
            await transaction.update_files.interrupt(stopped)
            await transaction.tasks.let_go()
            if await transaction.users.get(settings.admin_name) is not None:
                return None
            given = settings.admin_password.get_secret_value() if settings.admin_password else None
            password = given or secrets.token_urlsafe(15)
            name = settings.admin_name
            await transaction.users.put(User(name, fold(name), Argon2Passwords().hash_now(password), (ADMINISTRATOR,)))
        return None if given else password
    finally:
        await metadata.close()


async def _keep_transfer_key(transaction: Transaction, key: SecretKey) -> None:
    """Makes the key that signs transfer addresses; an earlier version kept it in the database, from where it moves."""
    kept = await transaction.state.get(_TRANSFER_KEY)
    key.make(bytes.fromhex(kept) if kept else None)
    if kept:
        await transaction.state.put(_TRANSFER_KEY, "")


def create(
    settings: Settings,
    thumbprint: str | None,
    clock: Clock | None = None,
    certificate: bytes | None = None,
    *,
    replaces: bool = False,
) -> Application:
    """The application of one worker process, which serves with a certificate (PEM) of that thumbprint, or with none.

    It `replaces` another one at a reload, which goes on to serve for some seconds.
    """
    beside = replaces or settings.workers > 1
    server = _Server(settings, thumbprint, clock or EvenClock(jumped=_clock_jumped), certificate, beside=beside)
    return Application(server.handle, server.start, server.stop)


class _Server:
    """All parts of a worker, and the doors that requests go in by."""

    def __init__(
        self, settings: Settings, thumbprint: str | None, clock: Clock, certificate: bytes | None, *, beside: bool
    ) -> None:
        self._settings = settings
        self._thumbprint = thumbprint
        self._certificate = certificate
        chain = [] if certificate is None else read_pem(certificate.decode("ascii", "replace"))
        self._der = chain[0].public_bytes(Encoding.DER) if chain else None
        self._clock = clock
        self._metadata = open_rows(settings)
        self._often = min(5.0, settings.lease_seconds / 4)
        slack = int(self._often * 2000) if beside else 0  # another worker's touches are seen once it has kept them
        self._leases = Leases(self._clock, settings.lease_seconds * 1000, slack)
        self._configurations = Configurations(self._metadata, self._reconfigured)
        self._limits = Limits(self._configurations, settings.workers)
        self._store = open_bytes(settings)
        self._storages = storages = Storages(self._store, _storage_changed)
        self._blobs = Blobs(self._metadata, self._store, self._clock, self._limits.transfer, storages)
        datastores = [Datastore(each.id, each.name, each.path, partial(self._store.room, each.id)) for each in settings.storage]
        self._inventory = Inventory(settings.datacenter_name, datastores, storages.on)
        self._outbound = outbound_of(settings, self._metadata)
        self._share = Share()
        self._doors: list[tuple[Callable[[str], bool], Handle, Meter]] = []

    async def start(self) -> None:
        """Reads what the server keeps of itself, then opens the doors."""
        guid = await own_storages(self._metadata, self._store)
        if isinstance(self._clock, EvenClock):
            async with self._metadata.reading() as transaction:
                await follow(transaction, self._clock)
        await self._limits.start()
        self._open(SignedAddresses(SecretKey(self._settings.data_dir / _TRANSFER_KEY_FILE).read()), guid)
        self._runner.start()
        self._worker.start()

    def _open(self, addresses: SignedAddresses, guid: str) -> None:
        settings, metadata, blobs, clock, leases = self._settings, self._metadata, self._blobs, self._clock, self._leases
        passwords, bodies = Argon2Passwords(), Bodies(settings.body_limit_bytes)
        idle, most = settings.session_idle_seconds * 1000, settings.sessions_per_user
        guarded, names = GuardedPasswords(passwords), UserNames(settings.admin_name)
        logins = Logins(metadata, guarded, passwords.decoy(), names, leases, clock, idle, _CHALLENGE, most)
        # what is tried on published libraries keeps no login waiting
        published = Argon2Passwords(at_once=1)
        roles = Roles(metadata, {})
        trust = Trust(metadata, clock, system_roots)
        kept = settings.trash_seconds * 1000
        items = Items(metadata, blobs, clock, self._ended, kept, trust)
        storages = {each.id: each.name for each in settings.storage}
        unique = LibraryNames(unique=settings.unique_library_names)
        libraries = Libraries(metadata, clock, storages, published, self._ended, kept, unique)
        sources, limit = Sources(settings.import_roots), settings.upload_limit_bytes
        tasks, configurations, limits = Tasks(metadata, clock), self._configurations, self._limits
        rules, pulling = UploadRules(limit, settings.session_files_limit), PullTasks(tasks, sources.check, self._wake)
        updates = UpdateSessions(metadata, clock, leases, self._ended)
        files = UpdateFiles(metadata, updates, leases, blobs, pulling, rules)
        transfers = FileTransfers(metadata, updates, leases, blobs, rules)
        packages = Sealing(metadata, blobs, clock, trust, strict=settings.strict_packages)
        completion = Completion(metadata, updates, transfers, blobs, packages, _warned)
        settling = Settling(metadata, updates, transfers, completion, leases, settings.autocomplete_pulls_seconds * 1000)
        sealing = KeyFile(settings.data_dir / _SEALING_KEY)
        catalogs = OwnCatalogs(
            metadata, published, sealing, Reader(self._outbound, sources, AskingLimits(items=settings.subscribed_items_limit))
        )
        probes = OwnProbes(catalogs, SubscriptionProbes(self._outbound, sources))
        waits = settings.sync_wait_seconds
        subscribed = SubscribedLibraries(
            metadata, clock, libraries, catalogs, probes, sealing, sources.check, self._wake, waits
        )
        subscribers = Subscribers(metadata, clock, subscribed)
        conversions = Conversions(metadata, clock, published, sealing)
        downloads = DownloadSessions(metadata, blobs, clock, leases, self._ended, subscribed.demand)
        history = History(metadata, blobs, clock, trust)
        upkeep = Upkeep(metadata, leases)
        migrations = Migrations(metadata, blobs, clock, libraries, upkeep, self._wake)
        endpoints = Endpoints(addresses, self._thumbprint)
        inventory = self._inventory

        async def admit(request: Request) -> None:
            await logins.find(token_of(request))

        def results(service: str, operation: str, kept: str) -> Typed | None:
            return wire.kept_result(service, operation, kept)

        services: list[Service] = [
            SessionService(logins),
            TasksService(tasks, results),
            ConfigurationService(configurations),
            LibraryService(libraries, upkeep, conversions, migrations, guid),
            LocalLibraryService(libraries, subscribers, guid),
            SubscribedLibraryService(libraries, subscribed, guid),
            SubscribedItemService(subscribed),
            UsagesService(Usages(metadata, clock)),
            ItemService(items, subscribers, trust),
            FileService(items, blobs, endpoints),
            StorageService(items, blobs, endpoints),
            UpdateSessionService(updates, completion, leases),
            UpdateFileService(files, completion, endpoints, roles, Probes(self._outbound, sources)),
            DownloadSessionService(downloads, leases),
            DownloadFileService(downloads, blobs, endpoints, roles),
            ChangesService(history),
            VersionsService(history),
            RetentionService(Retentions(metadata, _retention(settings))),
            SubscriptionsService(subscribers),
            TrashService(Trash(metadata, items, clock, self._collect, unique)),
            TypeService(),
            SecurityPoliciesService(),
            TrustedCertificatesService(trust),
            DatacenterService(inventory),
            DatastoreService(inventory),
            FolderService(inventory),
        ]
        wire = Wire(
            Registry(services, translate),
            AccessGate(logins, roles),
            bodies=bodies,
            public_url=settings.public_url,
            on_failure=_failed,
            submit=Operations(metadata, tasks, self._wake).submit,
            check_answers=settings.check_answers,
            strict=settings.strict,
        )
        self._nearest = wire.nearest
        self._transfers = Transfers(transfers, downloads, items, blobs, leases, addresses, admit, limits.throttle, _failed)
        vim = Vim(inventory, _product(settings, guid), logins, bodies, clock, _failed)
        shelf = Shelf(metadata, blobs, Counters(settings.published_version_floor), settings.published_lists_bytes)
        publisher = Publisher(shelf, blobs, GuardedPasswords(published, remember=_RIGHT_PASSWORDS), _failed)
        gauges = Gauges(metadata, inventory, self._certificate)
        monitor = Monitor(self._check, wire.openapi, gauges.text)
        self._doors = [
            (wire.speaks, wire.handle, Meter("api")),
            (self._transfers.speaks, self._receive, TransferMeter("transfer")),
            (publisher.speaks, publisher.handle, Meter("vcsp")),
            (vim.speaks, vim.handle, Meter("soap")),
            (monitor.speaks, monitor.handle, Meter("monitor")),
        ]
        schedule = Schedule(metadata, subscribed, configurations, clock)
        jobs = [*self._jobs(updates, downloads, settling), Job("synchronize", 60.0, schedule.run)]
        self._runner = Runner(metadata, clock, jobs, _job_failed)
        pulls = Pulls(Parts(files, transfers, settling, tasks, self._storages, leases, self._outbound, sources, limits))
        means = Means(metadata, blobs, self._outbound, sources, limits, limit)
        syncs = Syncs(SyncParts(Mirror(metadata, blobs, clock, trust), catalogs, means, clock, _left_out))
        handlers = {PULL: pulls.run, SYNC: syncs.run, OPERATION: performing(wire.perform), MIGRATION: Migrating(migrations).run}
        places, lease = {PULL: limits.pool + _WAITING_PULLS}, settings.task_lease_seconds
        self._worker = Worker(metadata, clock, handlers, _job_failed, places=places, lease=lease)

    def _jobs(self, updates: UpdateSessions, downloads: DownloadSessions, settling: Settling) -> list[Job]:
        settings, metadata = self._settings, self._metadata
        kept, idle = settings.swept_after_seconds * 1000, settings.session_idle_seconds * 1000
        self._expiry = expiry = Expiry(metadata, updates, downloads, self._leases, self._clock, kept, idle)
        storages = [each.id for each in settings.storage]
        grace = settings.collect_grace_seconds * 1000
        aside = settings.strays_kept_seconds * 1000
        collector = Collector(metadata, self._storages, self._clock, storages, _retention(settings), grace, aside)
        self._save_touches = expiry.save_touches

        counters, places = Counters(settings.published_version_floor), {each.id: each.path for each in settings.storage}
        persisting = Persisting(metadata, self._storages, counters, places, _job_failed)

        async def save() -> None:
            await self._transfers.touch_running()
            await expiry.save_touches()

        return [
            Job("touch", self._often, save, alone=False),
            Job("clock", min(15.0, self._often * 3), self._note_time),
            Job("limits", 1.0, self._limits.refresh, alone=False),
            Job("pulls", min(1.0, self._often), settling.watch, alone=False),
            Job("settle", 1.0, settling.run, alone=False),
            Job("persist", self._often, persisting.run),
            Job("expire", min(15.0, settings.lease_seconds / 2), expiry.run),
            Job("collect", min(600.0, settings.collect_grace_seconds / 2), collector.run),
        ]

    async def _note_time(self) -> None:
        if isinstance(self._clock, EvenClock):
            async with self._metadata.transaction(durable=False) as transaction:
                await note(transaction, self._clock)

    def _collect(self) -> None:
        self._runner.wake("collect")

    def _reconfigured(self) -> None:
        self._runner.wake("limits")

    def _wake(self) -> None:
        self._worker.wake()

    def _ended(self, session_or_file_id: str) -> None:
        self._transfers.ended(session_or_file_id)

    async def stop(self) -> None:
        """Ends the jobs and closes the database; whoever still comes is told so."""
        self._doors = []
        await self._worker.stop()
        await self._outbound.close()
        await self._runner.stop()
        await self._save_touches()
        await self._note_time()
        await self._metadata.close()

    async def _check(self) -> None:
        try:
            await self._metadata.ping()
        except OSError as error:
            raise OSError(f"the database does not respond: {error}") from error
        await self._storages.check([each.id for each in self._settings.storage], _READY_SECONDS)

    async def _receive(self, request: Request) -> Answer:
        request.stream = CountedBody(request.stream)
        return await self._transfers.handle(request)

    async def handle(self, request: Request) -> Answer:
        """Takes a request to its door."""
        started = time.perf_counter()
        path = request.path
        if ("//" in path or path.endswith("/")) and not path.startswith("/cls/"):  # there a slash may mean a directory
            request.path = tidied(path)
        handle, meter = self._door(request.path)
        try:
            answer = await handle(request)
        except Disconnected:
            raise
        except OSError as error:
            _failed(request, shown(request.path), error)
            answer = failure(error)
        except Exception as error:  # whatever it is, the client is told where to look
            _failed(request, shown(request.path), error)
            answer = refusal(500, SERVER_FAILED(request=request.request_id))
        meter.count(request, answer, started)
        if answer.status == 503 and all(name != "retry-after" for name, _ in answer.headers):
            answer.headers.extend(RETRY)
        if answer.status >= 400 or (answer.headers and answer.headers[0][0] == "vapi-error"):
            _refused(request, answer)
        return paced(answer, self._limits.throttle, self._share, apart=bool(self._storages.silent))

    def _door(self, path: str) -> tuple[Handle, Meter]:
        for speaks, handle, meter in self._doors:
            if speaks(path):
                return handle, meter
        return self._nowhere, _NOWHERE

    async def _nowhere(self, request: Request) -> Answer:
        if not self._doors:
            return refusal(503, NOT_RUNNING(), [("retry-after", "1")])
        path = shown(request.path)[:200]
        near = self._nearest(request.path)
        return refusal(404, NO_SUCH_PAGE_BUT(path=path, similar=near) if near else NO_SUCH_PAGE(path=path))


def _retention(settings: Settings) -> Retention:
    return Retention(versions=settings.versions_kept, seconds=settings.versions_kept_seconds or None)


def _product(settings: Settings, guid: str) -> Product:
    version, build = settings.product_version, settings.product_build
    full_name = f"contentlib {__version__}, a content library that speaks as {settings.product_name} {version} build-{build}"
    return Product(settings.product_name, version, build, full_name, guid)


def _refused(request: Request, answer: Answer) -> None:
    """Makes every refusal findable by its request id, with what the client was told."""
    said = answer.body[:500].decode("utf-8", "replace") if isinstance(answer, Response) else ""
    _LOG.info(
        "refused",
        request_id=request.request_id,
        method=request.method,
        path=shown(request.path),
        status=answer.status,
        said=said,
    )


def _warned(item: str, warnings: Sequence[Fault]) -> None:
    _LOG.warning("package warnings", item=item, warnings=[each.text for each in warnings])


def _failed(request: Request, operation: str, error: BaseException) -> None:
    _LOG.error("failed", request_id=request.request_id, operation=operation, exc_info=error)


def _left_out(library: Library, catalog: Catalog) -> None:
    """Tells which items a sync could not take over."""
    count_left_out(catalog.lost)
    told = [each.text for each in catalog.left_out]
    _LOG.warning("sync left items out", library=library.id, name=library.name, count=catalog.lost, items=told)


def _clock_jumped(milliseconds: int) -> None:
    _LOG.warning(
        "the clock of the machine was set; the server keeps its own time until it is restarted", seconds=milliseconds / 1000
    )


def _storage_changed(storage: str, seconds: float | None) -> None:
    if seconds is None:
        _LOG.warning("storage answers again", storage=storage)
    else:
        _LOG.error("storage does not answer", storage=storage, seconds=round(seconds, 1))


def _job_failed(name: str, error: BaseException) -> None:
    count_failed_job(name)
    _LOG.error("job failed", job=name, exc_info=error)
