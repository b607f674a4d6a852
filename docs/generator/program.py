"""What the program says of itself: settings, commands, pages for operators, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from contentlib import monitor
from contentlib import settings as declared
from contentlib.cli import certificate
from contentlib.cli.program import application
from contentlib.inventory import Datastore, Inventory
from contentlib.library.bytes.storages import Storages
from contentlib.library.model import user_owner
from contentlib.metadata.migrate import upgrade
from contentlib.settings import Settings
from contentlib.stores import claim_storages, open_bytes, open_rows
from generator.markdown import code, one_line, page, table

_OURS = "contentlib_"


def settings() -> str:
    """A row for each setting."""
    rows = [(code(name), kind, _default(default), text) for name, kind, default, text in declared.rows()]
    return table(("setting", "type", "default", "what it does"), rows)


def commands() -> str:
    """A heading for each command, and a row for each of its options."""
    found = []
    for name, command in each_command():
        rows = [(_option(option), option.help or "") for option in command.params]
        listed = table(("option", "what it does"), rows) if rows else "It has no options."
        found.append(page(f"## {name}", one_line(command.help), listed))
    return page(*found)


def each_command(name: str = "contentlib", group: Any = None) -> Iterator[tuple[str, Any]]:
    """All commands, by all the words that call them."""
    for word, command in sorted(vars(group or typer.main.get_command(application))["commands"].items()):
        if "commands" in vars(command):
            yield from each_command(f"{name} {word}", command)
        else:
            yield f"{name} {word}", command


def spellings(option: typer.core.TyperOption) -> list[str]:
    """How an option is written; an argument goes by its place, and has a name for readers only."""
    return [*option.opts, *option.secondary_opts] if option.opts[0].startswith("-") else [str(option.metavar)]


def operator_pages() -> str:
    """The addresses that operators look at."""
    return table(("address", "what it tells"), [(code(path), text) for path, text in monitor.PAGES.items()])


def metrics() -> str:
    """The metrics of our own: those that are counted, and those that are looked up when somebody asks."""
    counted = [metric for metric in REGISTRY.collect() if metric.name.startswith(_OURS)]
    rows = [_row(metric, _declared_labels(metric)) for metric in counted]
    rows += [_row(metric, list(metric.samples[0].labels)) for metric in asyncio.run(_looked_up())]
    return table(("metric", "type", "labels", "what it tells"), sorted(rows))


async def _looked_up() -> list[Metric]:
    """The figures of a server that was never used."""
    with TemporaryDirectory() as directory:
        settings = Settings(data_dir=Path(directory))
        own = certificate.of(settings)
        upgrade(settings.database_file)
        metadata, store = open_rows(settings), open_bytes(settings)
        await claim_storages(metadata, store)
        async with metadata.transaction(durable=False) as transaction:  # figures of quotas are those of limits
            await transaction.quotas.limit(user_owner("someone"), 1, 1)
        datastores = [Datastore(each.id, each.name, each.path) for each in settings.storage]
        inventory = Inventory("Datacenter", datastores, Storages(store).on)
        gauges = monitor.Gauges(metadata, inventory, own.certificate.read_bytes() if own else None)
        text = await gauges.text()
        await metadata.close()
    return list(text_string_to_metric_families(text.decode()))


def _row(metric: Metric, labels: list[str]) -> tuple[str, str, str, str]:
    name = metric.name + ("_total" if metric.type == "counter" else "")
    return code(name), metric.type, ", ".join(code(label) for label in labels), metric.documentation


def _declared_labels(metric: Metric) -> list[str]:
    """The labels; they are known to the metric that was declared, also before it counted anything."""
    owner = next(each for each in vars(monitor).values() if getattr(each, "_name", None) == metric.name)
    return list(vars(owner)["_labelnames"])


def _option(option: typer.core.TyperOption) -> str:
    names = " / ".join(spellings(option))
    return code(f"{names} {option.metavar}" if option.metavar and names != option.metavar else names)


def _default(text: str) -> str:
    return text if "`" in text or text == "not set" else code(text)
