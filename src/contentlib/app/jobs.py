"""Creates the background work: jobs and the handlers of tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from contentlib.app import log
from contentlib.app.access import Access
from contentlib.app.core import Core, retention, touch_seconds
from contentlib.app.rules import Rules
from contentlib.fetching.bringing import BringingContext
from contentlib.fetching.fetch import Transport
from contentlib.fetching.pull import PullContext, Pulls
from contentlib.fetching.sync import SyncContext, Syncs
from contentlib.jobs.audit_sinks import AuditSink, FileSink, SyslogSink, WebhookSink
from contentlib.jobs.audit_streams import AuditRetention, AuditStream
from contentlib.jobs.collect import Collector, GracePeriods
from contentlib.jobs.ended_nodes import EndedNodes
from contentlib.jobs.expire import Expiry, Lifetimes
from contentlib.jobs.migrating import Migrating
from contentlib.jobs.operations import KIND as OPERATION
from contentlib.jobs.operations import performing
from contentlib.jobs.quota_watch import QuotaWatch
from contentlib.jobs.readmission import Readmission, readmitted
from contentlib.jobs.runner import Job, Runner
from contentlib.jobs.schedule import Schedule
from contentlib.jobs.worker import Handler, Worker, WorkLimits
from contentlib.library.catalog.migration import KIND as MIGRATION
from contentlib.library.catalog.upkeep import CLEARING
from contentlib.library.clock import EvenClock
from contentlib.library.following.sync_tasks import KIND as SYNC
from contentlib.library.sessions.pulls import KIND as PULL
from contentlib.library.timekeeping import note
from contentlib.transfer.front import Transfers
from contentlib.vcsp.publishing.documents import Counters
from contentlib.vcsp.trees.persisting import Persisting
from contentlib.vcsp.trees.places import tree_place
from contentlib.wire import Wire

_WAITING_PULLS = 20  # beside those that fill the pool of transfers, so that one that ends is followed at once


def runner_of(core: Core, rules: Rules, transfers: Transfers, expiry: Expiry, access: Access) -> Runner:
    """Runs the jobs; signals wake it."""
    all_jobs = jobs(core, rules, transfers, expiry, access)
    runner = Runner(core.metadata, core.clock, all_jobs, log.job_failed, core.nodes.here)
    core.signals.trash_changed.connect(lambda: runner.wake("collect"))
    core.signals.configuration_changed.connect(lambda: runner.wake("limits"))
    return runner


def worker_of(core: Core, rules: Rules, wire: Wire, readmission: Readmission) -> Worker:
    """Runs the tasks; a task that is submitted wakes it."""
    limits = WorkLimits(places={PULL: core.limits.pool + _WAITING_PULLS}, lease=core.settings.task_lease_seconds)
    all_handlers = handlers(core, rules, wire, readmission)
    worker = Worker(core.metadata, core.clock, all_handlers, log.job_failed, core.nodes.here, limits)
    core.signals.task_submitted.connect(worker.wake)
    return worker


def jobs(core: Core, rules: Rules, transfers: Transfers, expiry: Expiry, access: Access) -> list[Job]:
    """All jobs: one line each."""
    settings, often = core.settings, touch_seconds(core.settings)
    sweeping = min(600.0, settings.collect_grace_seconds / 2)

    async def save_touches() -> None:
        await transfers.touch_running()
        await expiry.save_touches()
        await access.api_tokens.save()
        await rules.contacts.save()

    async def keep_time() -> None:
        await note_time(core)

    schedule = Schedule(core.metadata, rules.subscribed, core.configurations, core.clock)
    return [
        Job("touch", often, save_touches, exclusive=False),
        Job("nodes", 1.0, EndedNodes(core.metadata, core.nodes).run, exclusive=False),
        Job("clock", min(15.0, often * 3), keep_time),
        Job("limits", 1.0, core.limits.refresh, exclusive=False),
        Job("pulls", min(1.0, often), rules.settling.watch, exclusive=False),
        Job("settle", 1.0, rules.settling.run, exclusive=False),
        Job("persist", often, _persisting(core).run),
        Job("expire", min(15.0, settings.lease_seconds / 2), expiry.run),
        Job("collect", sweeping, _collector(core).run),
        Job("claims", sweeping, partial(asyncio.to_thread, core.claims.forget), exclusive=False),
        Job("synchronize", 60.0, schedule.run),
        Job("quotas", 30.0, QuotaWatch(rules.quotas, log.quota_filled).run),
        Job("refusals", 60.0, access.refusals.save, exclusive=False),
        Job("audit", 600.0, AuditRetention(core.metadata, core.clock, settings.audit_kept_seconds * 1000).run),
        *(Job(f"audit-{name}", 3.0, AuditStream(core.metadata, name, sink).run) for name, sink in _sinks(core).items()),
    ]


def _sinks(core: Core) -> Mapping[str, AuditSink]:
    """Where entries of the audit log are sent, by the name of the stream."""
    settings, found = core.settings, dict[str, AuditSink]()
    if settings.audit_file is not None:
        found["file"] = FileSink(settings.audit_file)
    if settings.audit_syslog is not None:
        found["syslog"] = SyslogSink(settings.audit_syslog)
    if settings.audit_webhook is not None:
        token = settings.audit_webhook_token
        secret = None if token is None else token.get_secret_value()
        found["webhook"] = WebhookSink(core.outbound, settings.audit_webhook, secret)
    return found


def handlers(core: Core, rules: Rules, wire: Wire, readmission: Readmission) -> Mapping[str, Handler]:
    """Returns the handler of each kind of task."""
    pulls, syncs, migrating = _pulls(core, rules), _syncs(core, rules), Migrating(rules.migrations)
    return {
        PULL: readmitted(readmission, pulls.run, pulls.refuse),
        SYNC: readmitted(readmission, syncs.run, syncs.refuse),
        OPERATION: readmitted(readmission, performing(wire.perform)),
        MIGRATION: readmitted(readmission, migrating.run, migrating.refuse),
        CLEARING: readmitted(readmission, migrating.clear),
    }


def expiry_of(core: Core, rules: Rules) -> Expiry:
    """The sweep of sessions."""
    lifetimes = Lifetimes(core.settings.swept_after_seconds * 1000, core.settings.session_idle_seconds * 1000)
    return Expiry(core.metadata, rules.updates, rules.downloads, core.leases, core.clock, lifetimes)


async def note_time(core: Core) -> None:
    """Keeps the server's time for the next start."""
    if isinstance(core.clock, EvenClock):
        async with core.metadata.transaction(durable=False) as transaction:
            await note(transaction, core.clock)


def _collector(core: Core) -> Collector:
    settings, storages = core.settings, [each.id for each in core.settings.storage]
    periods = GracePeriods(settings.collect_grace_seconds * 1000, settings.strays_kept_seconds * 1000)
    return Collector(core.metadata, core.storages, core.clock, storages, retention(settings), periods)


def _persisting(core: Core) -> Persisting:
    counters = Counters(core.settings.published_version_floor)
    found = {each.id: tree_place(each.id, each.path, core.storages.store) for each in core.settings.storage}
    places = {storage: place for storage, place in found.items() if place is not None}
    return Persisting(core.metadata, core.storages, counters, places, log.job_failed)


def _transport(core: Core) -> Transport:
    return Transport(core.outbound, core.sources, core.limits, core.settings.upload_limit_bytes)


def _pulls(core: Core, rules: Rules) -> Pulls:
    return Pulls(_pulling(core, rules))


def _pulling(core: Core, rules: Rules) -> PullContext:
    transport = _transport(core)
    return PullContext(rules.files, rules.transfers, rules.settling, rules.tasks, core.storages, core.leases, transport)


def _syncs(core: Core, rules: Rules) -> Syncs:
    bringing = BringingContext(core.metadata, core.blobs, _transport(core))
    return Syncs(
        SyncContext(rules.mirror, rules.catalogs, rules.subscription_passwords, bringing, core.clock, log.items_left_out)
    )
