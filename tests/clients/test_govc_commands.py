"""The commands of the real govc: what they print, and how those fail that this server cannot serve."""

from __future__ import annotations

import pytest

from clients.content import IMAGE
from clients.coverage import Recorder
from clients.govc_commands import NOTES, journey
from clients.once import once
from clients.servers import DATASTORE, serving

Ran = dict[str, dict[str, str]]


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """What became of all commands, and what is in the files that they wrote."""

    def make() -> Ran:
        directory = tmp_path_factory.mktemp("govc")
        with serving(directory, outbound_allow='["127.0.0.1"]') as address:
            govc = journey(address, directory)
        files = {name: (directory / name).read_bytes().hex() for name in ("image.iso", "downloaded")}
        return {"outcomes": govc.outcomes, "printed": govc.printed, "files": files}

    return dict(once(tmp_path_factory, "govc commands", make))


@pytest.fixture
def printed(ran: Ran) -> dict[str, str]:
    """What the commands printed that succeeded."""
    return ran["printed"]


def test_the_record_is_what_became_of_the_commands(ran: Ran, request: pytest.FixtureRequest) -> None:
    Recorder.of(request.config).agree_on_commands(ran["outcomes"])


def test_an_export_and_a_download_have_the_bytes(ran: Ran) -> None:
    assert ran["files"] == {"image.iso": IMAGE.hex(), "downloaded": NOTES.hex()}


def test_the_datastore_lists_what_the_library_names(printed: dict[str, str]) -> None:
    item = printed["library.info -L"].strip()
    directory, _, identifier = item.partition("/")
    assert directory in printed["datastore.ls"].split()
    assert printed["library.info -l -L"] == f"[{DATASTORE}] {item}/notes.txt\n"
    assert printed["datastore.ls -l"].split()[-1] == "notes.txt"
    assert f"[{DATASTORE}] {directory}/{identifier}/:\nnotes.txt" in printed["datastore.ls -R"]


def test_the_end_of_a_file_is_printed(printed: dict[str, str]) -> None:
    assert (printed["datastore.tail -n 2"], printed["datastore.tail -c 5"]) == ("three\nfour\n", "four\n")


def test_the_inventory_is_found_and_read(printed: dict[str, str]) -> None:
    assert f"/Datacenter/datastore/{DATASTORE}" in printed["find"].splitlines()
    assert printed["find -type s"].splitlines() == [each for each in printed["find"].splitlines() if each.count("/") > 2]
    assert printed["object.collect -s"] == "Datacenter\n"
    assert ["name", "string", *DATASTORE.split()] in [line.split() for line in printed["object.collect"].splitlines()]


def test_commands_fail_for_what_is_not_here_and_never_on_our_side(ran: Ran) -> None:
    failed = {name: said for name, said in ran["outcomes"].items() if said}
    assert not {name for name, said in failed.items() if "500" in said or "panic" in said}
    needs_more = ("library.check", "library.clone", "library.deploy", "library.subscriber.create")
    changes_datastores = ("datastore.mkdir", "datastore.rm", "datastore.upload")
    assert {name for name in failed if not name.startswith(needs_more + changes_datastores)} == {
        name for name in ran["outcomes"] if "(of" in name
    }
