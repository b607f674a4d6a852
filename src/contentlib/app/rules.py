"""Makes the rules of libraries, items and sessions over the stores."""

from __future__ import annotations

from dataclasses import dataclass

from contentlib.access.sealing import KeyFile
from contentlib.app import log
from contentlib.app.core import Core, retention
from contentlib.library.catalog.conversion import Conversions
from contentlib.library.catalog.history import History
from contentlib.library.catalog.items import Items
from contentlib.library.catalog.libraries import Libraries
from contentlib.library.catalog.library_names import LibraryNames
from contentlib.library.catalog.migration import Migrations
from contentlib.library.catalog.retention import Retentions
from contentlib.library.catalog.trash import Trash
from contentlib.library.catalog.upkeep import Upkeep
from contentlib.library.catalog.usages import Usages
from contentlib.library.following.mirror import Mirror
from contentlib.library.following.own_catalogs import OwnCatalogs, OwnProbes
from contentlib.library.following.subscribed import SubscribedLibraries
from contentlib.library.following.subscribers import Subscribers
from contentlib.library.sessions.download_sessions import DownloadSessions
from contentlib.library.sessions.settling import Settling
from contentlib.library.sessions.update_sessions import UpdateSessions
from contentlib.library.tasks import Tasks
from contentlib.vcsp.reading.asking import Limits as AskingLimits
from contentlib.vcsp.reading.probing import SubscriptionProbes
from contentlib.vcsp.reading.reader import Reader

_SEALING_KEY = "sealing.key"


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
    # sessions
    updates: UpdateSessions
    downloads: DownloadSessions
    settling: Settling
    # following
    catalogs: OwnCatalogs
    mirror: Mirror
    subscribed: SubscribedLibraries
    subscribers: Subscribers


def rules_of(core: Core) -> Rules:
    """The rules over the stores of a process."""
    metadata, blobs, clock = core.metadata, core.blobs, core.clock
    sealing = KeyFile(core.settings.data_dir / _SEALING_KEY)
    libraries, items, upkeep = _libraries(core), _items(core), Upkeep(metadata, core.leases)
    catalogs = OwnCatalogs(metadata, core.library_passwords, sealing, _reader(core))
    subscribed = _subscribed(core, libraries, catalogs, sealing)
    updates = _updates(core)
    return Rules(
        tasks=Tasks(metadata, clock),
        libraries=libraries,
        items=items,
        history=History(metadata, blobs, clock, core.trust),
        retentions=Retentions(metadata, retention(core.settings)),
        trash=Trash(metadata, items, clock, core.signals.trash_changed, libraries.names),
        usages=Usages(metadata, clock),
        upkeep=upkeep,
        migrations=Migrations(metadata, blobs, clock, libraries, upkeep, core.signals.task_submitted),
        conversions=Conversions(metadata, clock, core.library_passwords, sealing),
        updates=updates,
        downloads=DownloadSessions(metadata, blobs, clock, core.leases, core.signals.session_ended, subscribed.demand),
        settling=Settling(metadata, updates, core.leases, core.settings.autocomplete_pulls_seconds * 1000),
        catalogs=catalogs,
        mirror=Mirror(metadata, blobs, clock, core.trust),
        subscribed=subscribed,
        subscribers=Subscribers(metadata, clock, subscribed),
    )


def _libraries(core: Core) -> Libraries:
    settings, ended = core.settings, core.signals.session_ended
    storages = {each.id: each.name for each in settings.storage}
    kept, names = settings.trash_seconds * 1000, LibraryNames(unique=settings.unique_library_names)
    return Libraries(core.metadata, core.clock, storages, core.library_passwords, ended, kept, names)


def _items(core: Core) -> Items:
    kept = core.settings.trash_seconds * 1000
    return Items(core.metadata, core.blobs, core.clock, core.signals.session_ended, kept, core.trust)


def _updates(core: Core) -> UpdateSessions:
    return UpdateSessions(
        core.metadata,
        core.blobs,
        core.clock,
        core.leases,
        core.signals.session_ended,
        core.settings.upload_limit_bytes,
        core.sources.check,
        core.signals.task_submitted,
        core.trust,
        strict=core.settings.strict_packages,
        most_files=core.settings.session_files_limit,
        warned=log.package_warnings,
    )


def _reader(core: Core) -> Reader:
    return Reader(core.outbound, core.sources, AskingLimits(items=core.settings.subscribed_items_limit))


def _subscribed(core: Core, libraries: Libraries, catalogs: OwnCatalogs, sealing: KeyFile) -> SubscribedLibraries:
    return SubscribedLibraries(
        core.metadata,
        core.clock,
        libraries,
        catalogs,
        OwnProbes(catalogs, SubscriptionProbes(core.outbound, core.sources)),
        sealing,
        core.sources.check,
        core.signals.task_submitted,
        core.settings.sync_wait_seconds,
    )
