"""Tests `contentlib audit`, also on logs that were altered."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backends import BACKEND
from contentlib.cli.program import application
from contentlib.library.actors import set_actor
from contentlib.library.audit_chain import hash_after
from contentlib.library.model import Actor, AuditNote


async def _write(database: Path, count: int) -> None:
    metadata = BACKEND.open_rows(database)
    for number in range(count):
        set_actor(lambda number=number: Actor("ann", operation=f"n{number}\n", request="1"))  # type: ignore[misc] # bound now
        async with metadata.transaction(durable=False) as transaction:
            transaction.audit.note(AuditNote())
    await metadata.close()


COPY = (
    "INSERT INTO audit SELECT sequence + 3, time, user, operation, outcome, content, hash FROM audit WHERE sequence = {n} - 2"
)


@pytest.fixture
def log(data_dir: Path) -> Path:
    """A data directory whose log has a few entries of the start, and six more."""
    asyncio.run(_write(data_dir / "contentlib.db", 6))
    return data_dir


def run(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(application, ["audit", *arguments, "--data-dir", str(data_dir)])


def alter(data_dir: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def last(data_dir: Path) -> int:
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as connection:
        return int(connection.execute("SELECT max(sequence) FROM audit").fetchone()[0])


def test_a_log_that_is_whole_is_verified_and_its_head_is_printed(log: Path) -> None:
    found = run(log, "verify")
    assert (found.exit_code, found.stdout.splitlines()[0]) == (0, f"{last(log)} entries verified")
    head = found.stdout.splitlines()[1].removeprefix("head ")
    assert run(log, "verify", "--head", head).exit_code == 0


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM audit WHERE sequence = {n} - 2", "entry {m}: was removed"),
        ("UPDATE audit SET content = replace(content, 'ann', 'bob') WHERE sequence = {n} - 2", "entry {m}: was changed"),
        ("UPDATE audit SET user = 'bob' WHERE sequence = {n} - 2", "entry {m}: has columns that do not match"),
        ("UPDATE audit SET time = 1 WHERE sequence = {n} - 2", "entry {m}: has columns that do not match"),
        ("DELETE FROM audit WHERE sequence > {n} - 3", "entry {m}: was removed, as all up to {n}"),
        ("DELETE FROM audit WHERE sequence < 3", "entry 1: was removed, as all up to 2"),
        (COPY, "entry {p}: was changed"),
    ],
)
def test_an_altered_log_is_told_with_the_number_of_the_entry(log: Path, statement: str, problem: str) -> None:
    n = last(log)
    alter(log, statement.format(n=n))
    found = run(log, "verify")
    assert found.exit_code == 1
    assert problem.format(n=n, m=n - 2, p=n + 1) in found.stderr


def test_a_log_that_was_written_anew_is_told_by_a_head_that_was_kept(log: Path) -> None:
    head = run(log, "verify").stdout.splitlines()[1].removeprefix("head ")
    n = last(log)
    with closing(sqlite3.connect(log / "contentlib.db")) as connection:
        rows = connection.execute("SELECT sequence, content FROM audit ORDER BY sequence").fetchall()
        digest = "0" * 64
        for sequence, content in rows:
            content = content.replace("ann", "bob")
            digest = hash_after(digest, content)
            values = (content, "bob" if "bob" in content else "", digest, sequence)
            connection.execute("UPDATE audit SET content = ?, user = ?, hash = ? WHERE sequence = ?", values)
        connection.execute("UPDATE audit_ends SET hash = ? WHERE name = 'head'", (digest,))
        connection.commit()
    assert run(log, "verify").exit_code == 0
    found = run(log, "verify", "--head", head)
    assert (found.exit_code, f"entry {n}: does not have the hash of the head" in found.stderr) == (1, True)


def test_entries_are_exported_one_on_a_line(log: Path) -> None:
    lines = run(log, "export").stdout.splitlines()
    assert len(lines) == last(log)
    entries = [json.loads(line) for line in lines]
    assert [each["sequence"] for each in entries] == list(range(1, last(log) + 1))
    assert (entries[-1]["operation"], len(entries[-1]["hash"])) == ("n5\n", 64)


def test_entries_of_a_time_are_exported(log: Path) -> None:
    assert run(log, "export", "--until", "2001-01-01").stdout == ""
    assert len(run(log, "export", "--since", "2001-01-01").stdout.splitlines()) == last(log)


def test_a_command_beside_the_server_is_recorded_with_the_user_of_the_machine(log: Path) -> None:
    added = CliRunner().invoke(application, ["user", "add", "robin@lab", "--no-password", "--data-dir", str(log)])
    assert added.exit_code == 0, added.output
    entry = json.loads(run(log, "export").stdout.splitlines()[-1])
    assert entry["user"].startswith("local:") and entry["address"] == "local"
    assert entry["operation"].endswith("user add")
    assert {"type": "user", "id": "robin@lab", "name": "robin@lab"} in entry["things"]


def test_a_head_of_another_form_is_refused(log: Path) -> None:
    assert "is not NUMBER:HASH" in run(log, "verify", "--head", "x").stderr
