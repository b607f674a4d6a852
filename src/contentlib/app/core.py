"""Opens what most parts of a worker process need, as one value."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from contentlib.access.keys import SecretKey
from contentlib.access.passwords import Argon2Passwords
from contentlib.app import log
from contentlib.blobs.mixed import StorageBlobs
from contentlib.inventory import Datastore, Inventory
from contentlib.library.bytes.blobs import HOLD_SECONDS, Blobs
from contentlib.library.bytes.storages import Storages
from contentlib.library.catalog.configuration import Configurations
from contentlib.library.catalog.limits import TransferLimits
from contentlib.library.clock import Clock, EvenClock
from contentlib.library.leases import Leases
from contentlib.library.model import Retention
from contentlib.library.packages.trust import Trust
from contentlib.library.ports import AccessStore, Nodes, UploadClaims, space_of
from contentlib.library.signals import Signal, unheard
from contentlib.library.timekeeping import follow
from contentlib.library.write_checks import CheckedStore
from contentlib.nodes.local import LocalNodes
from contentlib.nodes.places import LockedPlaces
from contentlib.outbound.client import Outbound
from contentlib.outbound.configured import outbound_of
from contentlib.outbound.roots import system_roots
from contentlib.outbound.sources import Sources
from contentlib.settings import Settings
from contentlib.stores import nodes_directory, open_bytes, open_claims, open_nodes, open_rows, own_storages
from contentlib.transfer.addresses import SignedAddresses

_TRANSFER_KEY_FILE = "transfer.key"


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals between parts of a process that do not know each other."""

    session_ended: Signal[[str]] = field(default_factory=Signal)
    """A session ended, or a file was removed from one; receives its identifier."""
    upload_wanted: Signal[[str]] = field(default_factory=Signal)
    """A client has bytes for a file that another process is receiving; receives the identifier of the file."""
    task_submitted: Signal[[]] = field(default_factory=Signal)
    trash_changed: Signal[[]] = field(default_factory=Signal)
    configuration_changed: Signal[[]] = field(default_factory=Signal)


@dataclass(frozen=True, slots=True)
class Core:
    """What most parts of a worker process need."""

    settings: Settings
    certificate: bytes | None
    """What the server serves with, as PEM; None where it serves plain HTTP."""
    thumbprint: str | None
    clock: Clock
    nodes: Nodes
    metadata: AccessStore
    store: StorageBlobs
    claims: UploadClaims
    storages: Storages
    blobs: Blobs
    leases: Leases
    configurations: Configurations
    limits: TransferLimits
    trust: Trust
    outbound: Outbound
    sources: Sources
    inventory: Inventory
    signals: Signals
    library_passwords: Argon2Passwords
    """Passwords of published libraries, in separate threads, so that guessing them does not delay logins."""
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is about to stop, so that balancers send new requests to others."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of the server, shared by all processes: its identifier and the key of its transfer URLs."""

    guid: str
    addresses: SignedAddresses


def open_core(settings: Settings, thumbprint: str | None, certificate: bytes | None, clock: Clock, *, beside: bool) -> Core:
    """Opens the stores without reading from them. `beside` is set if other processes serve the same data."""
    metadata, claims, signals = CheckedStore(open_rows(settings, clock, remembers=True)), open_claims(settings), Signals()
    store = open_bytes(settings, claims)
    places = LockedPlaces(nodes_directory(settings) / "places.lock")
    configurations = Configurations(metadata, signals.configuration_changed)
    nodes = open_nodes(settings, LocalNodes(nodes_directory(settings)), steering(clock))
    limits = TransferLimits(configurations, places, settings.workers, nodes)
    storages = Storages(store, log.storage_changed)
    datastores = [Datastore(each.id, each.name, each.path, partial(space_of, store, each.id)) for each in settings.storage]
    slack = touch_seconds(settings) * 2 if beside else 0  # another worker's touches are seen once it has kept them
    return Core(
        settings=settings,
        certificate=certificate,
        thumbprint=thumbprint,
        clock=clock,
        nodes=nodes,
        metadata=metadata,
        store=store,
        claims=claims,
        storages=storages,
        blobs=Blobs(metadata, store, clock, limits.transfer, storages, min(settings.collect_grace_seconds / 4, HOLD_SECONDS)),
        leases=Leases(clock, settings.lease_seconds * 1000, int(slack * 1000)),
        configurations=configurations,
        limits=limits,
        trust=Trust(metadata, clock, system_roots),
        outbound=outbound_of(settings, metadata),
        sources=Sources(settings.import_roots),
        inventory=Inventory(settings.datacenter_name, datastores, storages.on),
        signals=signals,
        library_passwords=Argon2Passwords(at_once=1),
    )


async def read_identity(core: Core) -> Identity:
    """Reads what the server keeps of itself: its identifier, its keys, its time, its limits."""
    guid = await own_storages(core.metadata, core.store)
    if isinstance(core.clock, EvenClock):
        async with core.metadata.reading() as transaction:
            await follow(transaction, core.clock)
    await core.limits.start()
    return Identity(guid, SignedAddresses(transfer_key(core.settings).read()))


def steering(clock: Clock) -> Callable[[int], object]:
    """The function that makes a clock approach the time that several machines share."""
    return clock.steer if isinstance(clock, EvenClock) else unheard


def transfer_key(settings: Settings) -> SecretKey:
    """The key that signs transfer addresses."""
    return SecretKey(settings.keys / _TRANSFER_KEY_FILE)


def login_secret(core: Core) -> bytes:
    """The secret that makes the keys of login attempts the same in all worker processes."""
    return hashlib.blake2b(transfer_key(core.settings).read(), digest_size=16, person=b"login attempts").digest()


def touch_seconds(settings: Settings) -> float:
    """Returns the interval at which a process stores activity."""
    return min(5.0, settings.lease_seconds / 4)


def retention(settings: Settings) -> Retention:
    """Returns the retention rule of libraries without their own."""
    return Retention(versions=settings.versions_kept, seconds=settings.versions_kept_seconds or None)
