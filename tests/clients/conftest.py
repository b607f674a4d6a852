from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from clients import program
from clients.content import Content, written
from clients.once import once
from clients.program import Step
from clients.publishing import publishing
from clients.servers import Address, serving

Journey = dict[str, Step]


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """The files that are imported."""
    return written(tmp_path_factory.mktemp("content"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A running server with TLS."""
    with serving(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="session")
def journeys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Journey]:
    """What became of the journeys of the Go program."""
    made = once(tmp_path_factory, "journeys", lambda: _made(tmp_path_factory.mktemp("journeys")))
    return {name: {step: Step(**told) for step, told in steps.items()} for name, steps in made.items()}


_PULLING = {"outbound_allow": '["127.0.0.1"]', "autocomplete_pulls_seconds": "2"}
"""The server may fetch from this machine, and completes sessions of pulls by itself sooner than after the usual 15 seconds."""


def _made(directory: Path) -> dict[str, dict[str, dict[str, Any]]]:
    program.built()
    told = {}
    with serving(directory, **_PULLING) as address:
        for journey, tls in ((("govc",), directory / "data" / "tls"), (("terraform",), None)):
            files = written(directory / journey[0]).directory
            with publishing(files, tls) as source:
                told[journey[0]] = _told(program.run(address, files, *journey, source=source))
        for fault in ("ended", "missing"):
            told[f"fault {fault}"] = _told(program.run(address, directory, "fault", fault))
        told["sso"] = _told(program.run(address, directory, "sso"))
        wrong = address.with_login(password="wrong")
        told["fault login"] = _told(program.run(address, directory, "fault", "login", url=wrong))
    return told


def _told(steps: Journey) -> dict[str, dict[str, Any]]:
    return {name: asdict(step) for name, step in steps.items()}


@pytest.fixture
def govc(journeys: dict[str, Journey]) -> Journey:
    """The steps of govc."""
    return journeys["govc"]


@pytest.fixture
def terraform(journeys: dict[str, Journey]) -> Journey:
    """The steps of Terraform's provider."""
    return journeys["terraform"]
