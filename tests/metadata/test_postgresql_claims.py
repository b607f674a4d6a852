"""Tests claims on uploads by rows of PostgreSQL: who is alone, who has to wait, and who has lost its claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import postgresql
from contentlib.blobs.locks import FileClaims
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import ClaimHeld, ClaimLost, UploadClaim
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.claims import PostgresqlClaims

pytestmark = pytest.mark.slow
A = "datastore-1"
_LATE = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_ARRIVAL = "SET session_replication_role = replica; INSERT INTO arrivals (id, library) VALUES ('{}', 'none')"
Machine = Callable[[str], PostgresqlClaims]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A process of a machine of that name."""
    address = Address(postgresql.url_of(tmp_path))
    with ExitStack() as stack:

        def new(name: str) -> PostgresqlClaims:
            made = PostgresqlClaims(address, FileClaims(tmp_path / name), tmp_path / name, 300.0)
            stack.callback(made.close)
            return made

        yield new


def silent(directory: Path) -> None:
    """All writers have stood still for longer than their leases."""
    postgresql.server().run("UPDATE upload_claims SET until = 0", postgresql.name_of(directory))


def rows(directory: Path) -> int:
    return int(postgresql.server().run("SELECT count(*) FROM upload_claims", postgresql.name_of(directory)))


def held(claims: PostgresqlClaims) -> bool:
    try:
        claims.claim(A, "u").release()
    except ClaimHeld:
        return True
    return False


def kill(claim: UploadClaim) -> None:
    """Releases what the kernel releases of a process that is killed."""
    claim._local.release()  # type: ignore[attr-defined] # no process can be killed here


def test_an_upload_has_one_writer_on_all_machines(machine: Machine, tmp_path: Path) -> None:
    one, two = machine("one"), machine("two")
    claim = one.claim(A, "u")
    assert held(two)
    assert held(machine("one"))
    two.claim("datastore-2", "u").release()
    claim.check()
    claim.release()
    claim.release()
    later = two.claim(A, "u")
    assert later.alone
    assert later.number > claim.number
    later.release()
    assert rows(tmp_path) == 0


def test_a_writer_that_stood_still_has_lost_its_claim_once_another_one_has_it(machine: Machine, tmp_path: Path) -> None:
    one, two = machine("one"), machine("two")
    late = one.claim(A, "u")
    silent(tmp_path)
    late.check()  # nobody has taken over
    assert held(two)
    silent(tmp_path)
    claim = two.claim(A, "u")
    assert not claim.alone
    with pytest.raises(ClaimLost):
        late.check()
    late.release()
    claim.check()
    claim.settle()
    claim.release()
    assert rows(tmp_path) == 0


def test_nobody_is_alone_until_a_writer_has_settled(machine: Machine, tmp_path: Path) -> None:
    one, two, three = machine("one"), machine("two"), machine("three")
    one.claim(A, "u")
    silent(tmp_path)
    two.claim(A, "u").release()  # it could not copy what the first one has written
    unsettled = three.claim(A, "u")
    assert not unsettled.alone
    kill(unsettled)
    again = machine("three").claim(A, "u")
    assert not again.alone
    again.settle()
    kill(again)
    assert machine("three").claim(A, "u").alone


def test_a_killed_writer_keeps_no_other_of_its_machine_waiting(machine: Machine) -> None:
    first = machine("one").claim(A, "u")
    assert held(machine("two"))
    kill(first)
    second = machine("one").claim(A, "u")
    assert second.alone
    second.release()


def test_a_writer_that_settles_too_late_has_lost_its_claim(machine: Machine, tmp_path: Path) -> None:
    late = machine("one").claim(A, "u")
    silent(tmp_path)
    machine("two").claim(A, "u")
    with pytest.raises(ClaimLost):
        late.settle()


def test_a_writer_whose_claim_is_about_to_end_is_silent(machine: Machine, tmp_path: Path) -> None:
    machine("one").claim(A, "u")
    for until, is_silent in ((10**15, False), (0, True)):
        change = f"UPDATE upload_claims SET until = (extract(epoch FROM now()) * 1000)::bigint + 1000 + {until}"
        postgresql.server().run(change, postgresql.name_of(tmp_path))
        with pytest.raises(ClaimHeld) as told:
            machine("two").claim(A, "u")
        assert told.value.silent is is_silent


def test_rows_of_killed_processes_go_once_no_writer_can_go_on(machine: Machine, tmp_path: Path) -> None:
    one, upload = machine("one"), new_identifier()
    kill(one.claim(A, "of nothing"))
    kill(one.claim(A, upload))
    postgresql.server().run(_ARRIVAL.format(upload), postgresql.name_of(tmp_path))
    later = machine("two")
    later.forget()
    assert rows(tmp_path) == 2
    postgresql.server().run(f"UPDATE upload_claims SET until = {_LATE} - 3600000", postgresql.name_of(tmp_path))
    later.forget()
    assert rows(tmp_path) == 1
    assert not later.claim(A, upload).alone
    silent(tmp_path)
    later.forget()
    assert rows(tmp_path) == 0


def test_files_of_killed_processes_are_removed_and_locked_ones_stay(tmp_path: Path) -> None:
    claims = FileClaims(tmp_path)
    (tmp_path / f"{A}~killed").touch()
    held = claims.claim(A, "held")
    claims.forget()
    assert [path.name for path in tmp_path.iterdir()] == [f"{A}~held"]
    held.release()
