"""Creates the rules of libraries, items and sessions."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding

from contentlib.access.key_ring import KeyRing
from contentlib.access.sealing import RingEncryption
from contentlib.app import log
from contentlib.app.core import Core, retention
from contentlib.library.catalog.annotations import Annotations
from contentlib.library.catalog.conversion import Conversions
from contentlib.library.catalog.finding import Finder
from contentlib.library.catalog.history import History
from contentlib.library.catalog.items import Items
from contentlib.library.catalog.libraries import Libraries, LibraryRules
from contentlib.library.catalog.library_names import LibraryNames
from contentlib.library.catalog.migration import Migrations
from contentlib.library.catalog.ovf_templates import OvfTemplates
from contentlib.library.catalog.quotas import Quotas
from contentlib.library.catalog.retention import Retentions
from contentlib.library.catalog.trash import Trash
from contentlib.library.catalog.upkeep import Upkeep
from contentlib.library.catalog.usages import Usages
from contentlib.library.following.contacts import Contacts
from contentlib.library.following.mirror import Mirror
from contentlib.library.following.own_catalogs import OwnCatalogs, OwnProbes
from contentlib.library.following.own_readers import OwnReaders
from contentlib.library.following.subscribed import SubscribedLibraries
from contentlib.library.following.subscriber_credentials import SubscriberCredentials
from contentlib.library.following.subscribers import Subscribers
from contentlib.library.following.subscription_passwords import SubscriptionPasswords
from contentlib.library.following.subscriptions import Subscriptions
from contentlib.library.following.sync_tasks import SyncTasks
from contentlib.library.model import TaggedObject
from contentlib.library.packages.signatures import read_pem
from contentlib.library.sessions.completion import Completion
from contentlib.library.sessions.download_sessions import DownloadSessions
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.library.sessions.package_checks import PackageChecks
from contentlib.library.sessions.pulls import PullTasks
from contentlib.library.sessions.settling import Settling
from contentlib.library.sessions.update_files import UpdateFiles
from contentlib.library.sessions.update_sessions import UpdateSessions
from contentlib.library.sessions.upload_rules import UploadRules
from contentlib.library.tagging.attachments import Attachments
from contentlib.library.tagging.categories import Categories
from contentlib.library.tagging.tags import Tags
from contentlib.library.tasks import Tasks
from contentlib.vcsp.reading.asking import DocumentLimits as AskingLimits
from contentlib.vcsp.reading.probing import SubscriptionProbes
from contentlib.vcsp.reading.reader import CatalogReader


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules, as `contentlib.library` has them."""

    tasks: Tasks
    # catalog
    libraries: Libraries
    items: Items
    history: History
    retentions: Retentions
    trash: Trash
    usages: Usages
    upkeep: Upkeep
    migrations: Migrations
    conversions: Conversions
    ovf_templates: OvfTemplates
    quotas: Quotas
    annotations: Annotations
    finder: Finder
    # sessions
    updates: UpdateSessions
    files: UpdateFiles
    transfers: FileTransfers
    completion: Completion
    downloads: DownloadSessions
    settling: Settling
    # following
    catalogs: OwnCatalogs
    mirror: Mirror
    subscribed: SubscribedLibraries
    subscription_passwords: SubscriptionPasswords
    subscribers: Subscribers
    subscriber_credentials: SubscriberCredentials
    contacts: Contacts
    # tagging
    categories: Categories
    tags: Tags
    attachments: Attachments


def rules_of(core: Core) -> Rules:
    """The rules over the stores of a process."""
    metadata, blobs, clock = core.metadata, core.blobs, core.clock
    encryption, tasks = RingEncryption(KeyRing(core.settings.sealing_key)), Tasks(metadata, clock)
    passwords = SubscriptionPasswords(encryption)
    libraries, items, upkeep = _libraries(core), _items(core), Upkeep(metadata, core.leases)
    credentials, contacts = SubscriberCredentials(metadata, clock), Contacts(metadata, clock)
    readers = OwnReaders(core.library_passwords, credentials, contacts)
    catalogs = OwnCatalogs(metadata, readers, _reader(core), _own_certificate(core))
    subscribed = _subscribed(core, libraries, tasks, catalogs, passwords)
    limits = UploadRules(core.settings.upload_limit_bytes, core.settings.session_files_limit)
    updates = UpdateSessions(metadata, clock, core.leases, core.signals.session_ended)
    pulls = PullTasks(tasks, core.sources.check, core.signals.task_submitted)
    transfers = FileTransfers(metadata, updates, core.leases, blobs, limits, core.nodes.here)
    completion = Completion(metadata, updates, transfers, blobs, _packages(core), log.package_warnings)
    return Rules(
        tasks=tasks,
        libraries=libraries,
        items=items,
        history=History(metadata, blobs, clock, core.trust),
        retentions=Retentions(metadata, retention(core.settings)),
        trash=Trash(metadata, items, clock, core.signals.trash_changed, libraries.names),
        usages=Usages(metadata, clock),
        upkeep=upkeep,
        migrations=Migrations(metadata, blobs, clock, libraries, upkeep, core.signals.task_submitted),
        conversions=Conversions(metadata, clock, core.library_passwords, encryption),
        ovf_templates=OvfTemplates(items, blobs),
        quotas=Quotas(metadata),
        annotations=Annotations(metadata),
        finder=Finder(metadata),
        updates=updates,
        files=UpdateFiles(metadata, updates, core.leases, blobs, pulls, limits),
        transfers=transfers,
        completion=completion,
        downloads=DownloadSessions(metadata, blobs, clock, core.leases, core.signals.session_ended, subscribed.demand),
        settling=Settling(metadata, updates, transfers, completion, core.leases, _autocomplete(core)),
        catalogs=catalogs,
        mirror=Mirror(metadata, blobs, clock, core.trust),
        subscribed=subscribed,
        subscription_passwords=passwords,
        subscribers=Subscribers(metadata, clock, subscribed),
        subscriber_credentials=credentials,
        contacts=contacts,
        categories=Categories(metadata, clock),
        tags=Tags(metadata, clock),
        attachments=Attachments(metadata, [TaggedObject(*each) for each in core.inventory.objects()]),
    )


def _libraries(core: Core) -> Libraries:
    settings, ended = core.settings, core.signals.session_ended
    storages = {each.id: each.name for each in settings.storage}
    kept, names = settings.trash_seconds * 1000, LibraryNames(unique=settings.unique_library_names)
    return Libraries(core.metadata, core.clock, core.library_passwords, LibraryRules(storages, kept, names), ended)


def _items(core: Core) -> Items:
    kept = core.settings.trash_seconds * 1000
    return Items(core.metadata, core.blobs, core.clock, core.signals.session_ended, kept, core.trust)


def _packages(core: Core) -> PackageChecks:
    return PackageChecks(core.metadata, core.blobs, core.clock, core.trust, strict=core.settings.strict_packages)


def _autocomplete(core: Core) -> int:
    return core.settings.autocomplete_pulls_seconds * 1000


def _own_certificate(core: Core) -> bytes | None:
    """Returns the server's certificate as DER, against which subscriptions to its own libraries are checked."""
    chain = [] if core.certificate is None else read_pem(core.certificate.decode("ascii", "replace"))
    return chain[0].public_bytes(Encoding.DER) if chain else None


def _reader(core: Core) -> CatalogReader:
    return CatalogReader(core.outbound, core.sources, AskingLimits(items=core.settings.subscribed_items_limit))


def _subscribed(
    core: Core, libraries: Libraries, tasks: Tasks, catalogs: OwnCatalogs, passwords: SubscriptionPasswords
) -> SubscribedLibraries:
    probes = OwnProbes(catalogs, SubscriptionProbes(core.outbound, core.sources))
    subscriptions = Subscriptions(catalogs, probes, passwords, core.sources.check)
    syncs = SyncTasks(tasks, core.clock, core.signals.task_submitted, core.settings.sync_wait_seconds)
    return SubscribedLibraries(core.metadata, core.clock, libraries, subscriptions, syncs)
