"""What the program says of itself: settings, commands, pages for operators, metrics."""

from __future__ import annotations

import typer
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric

from contentlib import monitor
from contentlib import settings as declared
from contentlib.cli import application
from generator.markdown import code, one_line, page, table

_OURS = "contentlib_"


def settings() -> str:
    """A row for each setting."""
    rows = [(code(name), kind, _default(default), text) for name, kind, default, text in declared.rows()]
    return table(("setting", "type", "default", "what it does"), rows)


def commands() -> str:
    """A heading for each command, and a row for each of its options."""
    group = typer.main.get_command(application)
    found = []
    for name, command in sorted(vars(group)["commands"].items()):
        rows = [(_option(option), option.help or "") for option in command.params]
        listed = table(("option", "what it does"), rows) if rows else "It has no options."
        found.append(page(f"## contentlib {name}", one_line(command.help), listed))
    return page(*found)


def operator_pages() -> str:
    """The addresses that operators look at."""
    return table(("address", "what it tells"), [(code(path), text) for path, text in monitor.PAGES.items()])


def metrics() -> str:
    """The metrics of our own."""
    rows = [
        (code(metric.name + ("_total" if metric.type == "counter" else "")), metric.type, _labels(metric), metric.documentation)
        for metric in sorted(REGISTRY.collect(), key=lambda metric: metric.name)
        if metric.name.startswith(_OURS)
    ]
    return table(("metric", "type", "labels", "what it tells"), rows)


def _labels(metric: Metric) -> str:
    """The labels; they are known to the metric that was declared, also before it counted anything."""
    owner = next(each for each in vars(monitor).values() if getattr(each, "_name", None) == metric.name)
    return ", ".join(code(label) for label in vars(owner)["_labelnames"])


def _option(option: typer.core.TyperOption) -> str:
    names = " / ".join([*option.opts, *option.secondary_opts])
    return code(names + (f" {option.metavar}" if option.metavar else ""))


def _default(text: str) -> str:
    return text if "`" in text or text == "not set" else code(text)
