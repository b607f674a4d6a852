from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from clients import program
from clients.content import Content, written
from clients.program import Step, alone
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
    """What became of the journeys of the Go program, which are made once, whoever of the test's processes comes first."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    kept = shared / "journeys.json"
    with alone(shared / "journeys.lock"):
        if not kept.exists():
            kept.write_text(json.dumps(_made(tmp_path_factory.mktemp("journeys"))))
    made = json.loads(kept.read_text())
    return {name: {step: Step(**told) for step, told in steps.items()} for name, steps in made.items()}


def _made(directory: Path) -> dict[str, dict[str, dict[str, Any]]]:
    program.built()
    told = {}
    with serving(directory) as address:
        for journey in (("govc",), ("terraform",), ("fault", "ended"), ("fault", "missing")):
            files = written(directory / "-".join(journey)).directory
            told[" ".join(journey)] = {name: asdict(step) for name, step in program.run(address, files, *journey).items()}
        wrong = address.with_login(password="wrong")
        steps = program.run(address, directory, "fault", "login", url=wrong)
        told["fault login"] = {name: asdict(step) for name, step in steps.items()}
    return told


@pytest.fixture
def govc(journeys: dict[str, Journey]) -> Journey:
    """The steps of govc."""
    return journeys["govc"]


@pytest.fixture
def terraform(journeys: dict[str, Journey]) -> Journey:
    """The steps of Terraform's provider."""
    return journeys["terraform"]
