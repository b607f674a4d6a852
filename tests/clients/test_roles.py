"""Tools with an API token as password, as a Content publisher and as a Content user, and what they show of refusals."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from clients import program
from clients.conftest import Journey
from clients.content import written
from clients.once import once
from clients.program import Step
from clients.pyvmomi import Disconnect, connect, vim
from clients.roles import PUBLISHER, READER, Site, done, site, user_of
from clients.servers import serving
from clients.test_faults import PAGE, TERRAFORM, quoted
from processes import ENVIRONMENT

PYVMOMI = (Path(__file__).parents[2] / "docs" / "guide" / "clients" / "pyvmomi.md").read_text()
CLIENTS = (Path(__file__).parents[2] / "docs" / "guide" / "clients.md").read_text()


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Journey]:
    """What became of the journey of the Go program, by role."""

    def make() -> dict[str, object]:
        told: dict[str, object] = {}
        directory = tmp_path_factory.mktemp("roles")
        with serving(directory) as address:
            place = site(address)
            for role, token in place.tokens.items():
                url = address.with_login(user_of(role), token)
                files = written(directory / user_of(role)).directory
                steps = program.run(address, files, "token", place.name, "disc", url=url)
                told[role] = {name: asdict(step) for name, step in steps.items()}
        return told

    made = once(tmp_path_factory, "roles", make)
    return {role: {name: Step(**step) for name, step in steps.items()} for role, steps in made.items()}


ALLOWED = {
    "govc: login by SOAP",
    "govc: login by REST",
    "govc: finder",
    "govc: library.ls",
    "govc: library.export",
    "terraform: configure SOAP",
    "terraform: configure REST",
    "terraform: data vsphere_datastore",
    "terraform: data vsphere_content_library",
}
"""What a reader may do."""
PUBLISHING = {
    "govc: library.import",
    "govc: library.rm",
    "terraform: apply vsphere_content_library_item",
    "terraform: destroy",
}
"""What a publisher may do as well."""


def test_a_publisher_does_all_but_make_libraries(roles: dict[str, Journey]) -> None:
    refused = {name for name, step in roles[PUBLISHER].items() if not step.ok}
    assert refused == {"govc: library.create", "terraform: apply vsphere_content_library"}
    assert roles[PUBLISHER].keys() == ALLOWED | PUBLISHING | refused


def test_a_reader_looks_and_downloads_and_no_more(roles: dict[str, Journey]) -> None:
    assert {name for name, step in roles[READER].items() if step.ok} == ALLOWED


@pytest.mark.parametrize("step", ["govc: library.import", "govc: library.rm", "govc: library.create"])
def test_what_govc_shows_of_a_missing_privilege_is_quoted(roles: dict[str, Journey], step: str) -> None:
    assert roles[READER][step].error.endswith("403 Forbidden")
    assert quoted(roles[READER][step].error, PAGE)


@pytest.mark.parametrize("step", ["terraform: apply vsphere_content_library_item", "terraform: apply vsphere_content_library"])
def test_what_terraform_shows_of_a_missing_privilege_is_quoted(roles: dict[str, Journey], step: str) -> None:
    assert quoted(roles[READER][step].error, TERRAFORM)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with users of both roles."""
    with serving(tmp_path_factory.mktemp("place")) as address:
        yield site(address)


@pytest.mark.parametrize("role", [PUBLISHER, READER])
def test_pyvmomi_logs_in_and_reads_the_inventory(place: Site, role: str) -> None:
    instance = connect(place.address, user_of(role), place.tokens[role])
    names = [each.name for each in instance.content.rootFolder.childEntity]
    Disconnect(instance)
    instance._stub.DropConnections()
    assert names == ["Datacenter"]


def test_what_pyvmomi_raises_where_a_user_may_see_nothing_is_quoted(place: Site) -> None:
    """A token of a user without any permission logs in, as vCenter lets such a user in."""
    user = done(place.address, "POST", "/api/contentlib/access/users", {"name": "stranger"})
    token = done(place.address, "POST", "/api/contentlib/access/tokens", {"name": "nightly", "user": user})["secret"]
    instance = connect(place.address, "stranger", token)
    with pytest.raises(vim.fault.NoPermission) as caught:
        list(instance.content.rootFolder.childEntity)
    Disconnect(instance)
    instance._stub.DropConnections()
    assert caught.value.msg == "Permission to perform this operation was denied."
    assert f"`vim.fault.NoPermission`: `{caught.value.msg}`" in PYVMOMI


def _curl(place: Site, role: str, *arguments: str) -> str:
    """What curl prints, with the token as bearer."""
    command = [
        "curl",
        "--silent",
        "--cacert",
        str(place.address.certificate),
        "--oauth2-bearer",
        place.tokens[role],
        *arguments,
    ]
    ended = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True)
    return ended.stdout


def _create(place: Site, role: str) -> str:
    url = f"{place.address.url}/api/content/library/item"
    body = f'{{"library_id": "{place.library}", "name": "by curl"}}'
    return _curl(place, role, "--header", "content-type: application/json", "--data", body, url)


def test_curl_creates_an_item_as_a_publisher_and_is_told_the_privilege_as_a_reader(place: Site) -> None:
    assert re.fullmatch(r'"[0-9a-f-]{36}"', _create(place, PUBLISHER))
    refused = _create(place, READER)
    said = (
        "user content-user@vsphere.local needs the privilege ContentLibrary.AddLibraryItem on com.vmware.content.Library "
        f"'{place.library}' for com.vmware.content.library.item.create"
    )
    assert said in refused
    assert said.replace("content-user@vsphere.local", "USER").replace(place.library, "ID") in " ".join(CLIENTS.split())
