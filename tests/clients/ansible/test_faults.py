"""What the user of a playbook reads when something goes wrong."""

from __future__ import annotations

import re

import pytest

from clients.ansible.running import Play
from clients.servers import STORAGES


@pytest.fixture(scope="module")
def told(reports: dict[str, list[Play]]) -> Play:
    (play,) = reports["faults"]
    return play


@pytest.fixture(scope="module")
def disks(reports: dict[str, list[Play]]) -> Play:
    (play,) = reports["disks"]
    return play


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("a wrong password", "wrong user name or password"),
        ("a wrong password over REST", "wrong user name or password"),
        ("a certificate that is not trusted", "certificate verify failed: self-signed certificate"),
        ("a certificate that is not trusted over REST", "certificate verify failed: self-signed certificate"),
        ("a server that is not there", "Connection refused"),
        ("a server that is not there over REST", "Cannot connect to host 127.0.0.1:1"),
        ("a datastore that is not there", "Unable to find datastore with name or MOID another"),
        ("a library that is not there", "Unable to find library with search parametersname another and type LOCAL"),
        ("a library's identifier that is not there", "library '00000000-0000-4000-8000-000000000000' does not exist"),
        ("an OVA with a wrong checksum", "expected 0000000000000000000000000000000000000000000000000000000000000000"),
        ("an OVA with a disk that was changed", "file 'disk1.vmdk' has SHA1 checksum "),
        ("a subscribed library", "vCenter Failed to make connection to https://lib.example/cls/vcsp/lib/1/lib.json"),
    ],
)
def test_a_fault_is_told(task: str, said: str, told: Play) -> None:
    assert told[task].failed
    assert said in told[task].msg


@pytest.mark.parametrize("how", ["", " over REST"])
def test_certificates_need_not_be_trusted(how: str, told: Play) -> None:
    assert not told[f"a certificate that need not be trusted{how}"].failed


def test_a_fault_over_rest_is_told_beside_the_message(told: Play) -> None:
    """The module has no words of its own for it; Ansible shows the whole result."""
    refused = told["a library that is not there over REST"]
    assert refused.failed
    (message,) = refused.result["value"]["messages"]
    assert message["default_message"] == "library '00000000-0000-4000-8000-000000000000' does not exist"


def test_the_iso_module_tells_of_a_wrong_checksum(told: Play) -> None:
    """It shows nothing but the status of an upload, so the bytes are taken, and what is wrong is told when it completes."""
    refused = told["an ISO with a wrong checksum"]
    assert refused.failed
    assert "files are not ready: 'image.iso' is ERROR: file 'image.iso' has SHA256 checksum" in refused.msg


def test_a_failed_import_is_not_in_the_way_of_the_next_one(told: Play) -> None:
    assert told["the same name again"].changed


def test_a_login_session_that_ended_is_told(reports: dict[str, list[Play]]) -> None:
    (play,) = reports["session"]
    assert play["a library"].failed
    assert "login session does not exist or has expired; log in again" in play["a library"].msg


def test_a_full_disk_is_told(disks: Play) -> None:
    says = rf"storage {_storage()} has \d+ bytes free, of which \d+ are reserved; \d+ more are needed"
    assert re.search(says, disks["an ISO on a full disk"].msg)
    assert re.search(says, disks["an OVA on a full disk"].msg)


def test_a_read_only_disk_is_told(disks: Play) -> None:
    assert f"storage {_storage()} is not writable: Read-only file system" in disks["an ISO on a read-only disk"].msg
    assert f"storage {_storage()} is not writable: Read-only file system" in disks["an OVA on a read-only disk"].msg


@pytest.mark.parametrize("task", ["an ISO", "an OVA"])
def test_a_connection_that_breaks_in_an_upload_is_told_and_leaves_nothing(task: str, reports: dict[str, list[Play]]) -> None:
    (play,) = reports["cut"]
    assert play[task].failed
    assert re.search(r"Remote end closed|EOF occurred|reset by peer|[Bb]roken pipe|[Cc]onnection aborted", play[task].msg)
    assert play["what is left"].result["library_item_info"] == []


def _storage() -> str:
    (storage,) = [key for key, name in STORAGES.items() if name == "archive"]
    return storage
