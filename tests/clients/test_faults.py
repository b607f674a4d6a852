"""What a user of each tool sees when something is wrong, as docs/guide/clients/ quotes it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients import program
from clients.conftest import Journey
from clients.content import IMAGE, written
from clients.cutting import cutting
from clients.program import Step
from clients.servers import Address, serving
from clients.test_govmomi import told
from crash import servers as crashing

TERRAFORM = (Path(__file__).parents[2] / "docs" / "guide" / "clients" / "terraform.md").read_text()
PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "clients" / "govc.md").read_text()
_VARIABLE = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"https?://127\.0\.0\.1:\d+"), "https://HOST"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
]


def quoted(error: str, page: str = PAGE) -> bool:
    """Whether a page has a message, with names in place of what differs from case to case."""
    for pattern, name in _VARIABLE:
        error = pattern.sub(name, error)
    assert f"`{error}`" in page, f"the page of the tool does not quote: {error}"
    return True


def sentence(step: Step) -> str:
    """What a refusal says besides its status."""
    return told(step.error)[1]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return written(tmp_path / "files").directory


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[crashing.Server]:
    """A server whose first storage is a disk of 16 MB, which nobody else sees."""
    directory = tmp_path_factory.mktemp("small")
    server = crashing.Server(directory, tmpfs=(directory / "datastore-1", "16m"), unique_library_names="false")
    server.begin()
    server.wait()
    yield server
    server.kill()


def plain(server: crashing.Server) -> tuple[Address, str]:
    """Where such a server is, which has no TLS."""
    address = Address(server.url, None)
    return address, address.with_login(crashing.NAME, crashing.PASSWORD)


# logins


@pytest.mark.parametrize("step", ["SOAP", "REST"])
def test_a_wrong_password_is_told(journeys: dict[str, Journey], step: str) -> None:
    told_of = journeys["fault login"][step]
    assert not told_of.ok
    assert quoted(told_of.error)


@pytest.mark.parametrize("step", ["SOAP", "REST"])
def test_an_ended_session_is_told(journeys: dict[str, Journey], step: str) -> None:
    told_of = journeys["fault ended"][step]
    assert not told_of.ok
    assert quoted(told_of.error)


@pytest.mark.parametrize("step", ["a session that is asked for", "the session of SOAP that is asked for"])
def test_an_ended_session_is_none_to_whoever_asks_first(journeys: dict[str, Journey], step: str) -> None:
    """So govc and Terraform log in again by themselves."""
    assert (journeys["fault ended"][step].ok, journeys["fault ended"][step].data) == (True, False)


def test_a_certificate_that_is_not_trusted_is_told(server: Address, tmp_path: Path) -> None:
    assert server.certificate is not None
    with serving(tmp_path) as other:
        stranger = Address(server.url, other.certificate)
        steps = program.run(stranger, tmp_path, "fault", "login")
    assert "x509: certificate signed by unknown authority" in steps["SOAP"].error
    assert "`x509: certificate signed by unknown authority`" in PAGE


# libraries


@pytest.mark.parametrize("step", ["library.info", "library.info by its name", "library.rm", "library.import"])
def test_a_missing_library_is_told(journeys: dict[str, Journey], step: str) -> None:
    told_of = journeys["fault missing"][step]
    assert not told_of.ok
    assert quoted(told_of.error)


# Terraform, whose provider puts words of its own around those of govmomi


@pytest.mark.parametrize(
    ("journey", "step", "around"),
    [
        ("fault login", "SOAP", "error setting up new vSphere SOAP client: {}"),
        ("fault ended", "SOAP", "{}"),
        ("fault missing", "data vsphere_content_library", "{}: RESOURCE (nowhere), ACTION (FromName)"),
        ("fault missing", "library.info", "{}: RESOURCE (ID), ACTION (FromID)"),
    ],
)
def test_terraform_tells_of_logins_and_libraries(journeys: dict[str, Journey], journey: str, step: str, around: str) -> None:
    assert quoted(around.format(journeys[journey][step].error), TERRAFORM)


# transfers


def test_a_wrong_checksum_is_told_and_the_next_import_goes_well(server: Address, directory: Path) -> None:
    wrong = hashlib.sha256(b"something else").hexdigest()
    steps = program.run(server, directory, "fault", "import", wrong)
    says = f"file 'image.iso' has SHA256 checksum {hashlib.sha256(IMAGE).hexdigest()}, expected {wrong}"
    assert steps["upload"].ok, "govmomi would show no more than the status"
    assert (steps["the file"].data, steps["the file"].error) == ("ERROR", says)
    assert says in sentence(steps["complete"])
    assert quoted(says)
    assert steps["the next import"].ok, steps["the next import"].error


def test_what_is_no_checksum_is_told_at_once(server: Address, directory: Path) -> None:
    steps = program.run(server, directory, "fault", "import", "deadbeef")
    assert sentence(steps["upload"]).endswith(" must be a SHA256 checksum of 64 hexadecimal digits, not 'deadbeef'")


def test_a_connection_that_is_cut_while_an_upload_runs_is_told(server: Address, directory: Path) -> None:
    with cutting(server.url, up=200_000) as cut:
        steps = program.run(Address(cut, server.certificate), directory, "fault", "import")
    assert re.search(r"EOF|connection reset by peer|broken pipe|server closed|use of closed", steps["upload"].error)
    assert steps["the file"].data in ("ERROR", "TRANSFERRING")
    assert "files are not ready: 'image.iso'" in sentence(steps["complete"])
    assert steps["the next import"].ok, steps["the next import"].error


def test_a_connection_that_is_cut_while_an_export_runs_is_told(tmp_path: Path, directory: Path) -> None:
    """A whole file that is none would be worse; the length in the header makes it seen."""
    with serving(tmp_path) as server:
        done = program.run(server, directory, "fault", "import")
        assert done["complete"].ok, done["complete"].error
        with cutting(server.url, down=200_000) as cut:
            (step,) = program.run(Address(cut, server.certificate), directory, "fault", "export").values()
        assert re.search(r"unexpected EOF|connection reset by peer", step.error), step
        (step,) = program.run(server, directory, "fault", "export").values()
        assert step.data == {"image.iso": hashlib.sha256(IMAGE).hexdigest()}


def test_a_full_disk_is_told_before_the_upload_and_a_smaller_import_goes_well(small: crashing.Server, directory: Path) -> None:
    (directory / "image.iso").write_bytes(bytes(20 << 20))
    address, url = plain(small)
    steps = program.run(address, directory, "fault", "import", url=url)
    says = re.sub(r"\d+ (bytes|are|more)", r"N \1", sentence(steps["upload"]))
    assert says == "storage datastore-1 has N bytes free, of which N are reserved; N more are needed"
    assert quoted(says)
    assert quoted(says, TERRAFORM)
    assert steps["the next import"].ok, steps["the next import"].error


def test_a_read_only_disk_is_told_and_written_again_later(small: crashing.Server, directory: Path) -> None:
    disk = small.directory / "datastore-1"
    address, url = plain(small)
    small.remount(disk, "ro")
    steps = program.run(address, directory, "fault", "import", url=url)
    small.remount(disk, "rw")
    says = "storage datastore-1 is not writable: Read-only file system"
    assert sentence(steps["upload"]).endswith(f" cannot store files: {says}")
    assert quoted(says)
    assert quoted(says, TERRAFORM)
    assert program.run(address, directory, "fault", "import", url=url)["complete"].ok
