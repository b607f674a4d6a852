"""Rows of all tables are moved as they are, or the move ends with an error and can be started again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import postgresql
from contentlib.metadata import migrate
from contentlib.metadata.moves.move import Moved, count_source_rows, move_rows, reopen_source
from contentlib.metadata.postgresql import migrating
from contentlib.metadata.postgresql.address import Address
from metadata.moves.filled import COUNT, SERVER, Place, fill, rows_of


class Stopped(Exception):
    """The move ends at a step."""


class Steps:
    """Notes the progress of a move, and fails at a step."""

    def __init__(self, last: int = -1) -> None:
        self.phases: list[str] = []
        self.steps = 0
        self._last = last

    def begin(self, phase: str, rows: int) -> None:
        assert rows >= 0
        self.phases.append(phase)
        self._step()

    def advance(self, table: str, rows: int) -> None:
        assert rows >= 0
        self._step()

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self._last:
            raise Stopped


def moved(source: Path, target: Place, steps: Steps | None = None) -> Moved:
    return move_rows(source, target.address, steps or Steps())


def execute(source: Path, *statements: str) -> None:
    with closing(sqlite3.connect(source)) as database, database:
        for statement in statements:
            database.execute(statement)


def test_rows_of_all_tables_are_the_same_afterwards(source: Path, target: Place) -> None:
    before = rows_of(source)
    told = moved(source, target)
    assert target.rows() == before == rows_of(source)
    assert all(len(rows) >= COUNT for rows in before.values())
    assert told.rows == {name: len(rows) for name, rows in before.items()}
    assert told.digests.keys() == told.rows.keys()


def test_the_schema_is_that_of_a_new_database(source: Path, bare: Place, target: Place) -> None:
    moved(source, bare)
    assert bare.schema() == target.schema()
    migrating.check_version(bare.address)


def test_numbers_continue_above_those_that_are_used(source: Path, target: Place) -> None:
    moved(source, target)
    for table in ("subscribers", "subscriber_credentials", "attachments", "search_texts"):
        assert target.run(f"SELECT nextval(pg_get_serial_sequence('{table}', 'number'))") == str(COUNT + 1)


def test_an_empty_table_numbers_from_one(source: Path, target: Place) -> None:
    execute(source, "DELETE FROM attachments")
    moved(source, target)
    assert target.run("SELECT nextval(pg_get_serial_sequence('attachments', 'number'))") == "1"


def test_only_the_mark_is_new_in_the_source(source: Path, target: Place) -> None:
    with closing(sqlite3.connect(source)) as database:
        before = set(database.iterdump())
        moved(source, target)
        new = set(database.iterdump()) ^ before
    assert {line.split(" VALUES")[0] for line in new} == {'INSERT INTO "alembic_version"', 'INSERT INTO "state"'}
    with pytest.raises(RuntimeError, match=f"was moved to database '{target.name}'"):
        migrate.upgrade(source)


def test_a_move_that_is_interrupted_at_any_step_can_be_started_again(source: Path, target: Place) -> None:
    last, attempts = 3, 0
    while True:
        try:
            told = moved(source, target, Steps(last))
        except Stopped:
            attempts += 1
            if not migrate.is_moved(source):
                migrate.check_current(source)
                execute(source, f"UPDATE libraries SET description = 'attempt {attempts}' WHERE id LIKE '00{attempts % 10}%'")
            with pytest.raises(RuntimeError, match="was not finished"):
                migrating.check_version(target.address)
            last += 37
        else:
            break
    assert attempts > 5
    assert target.rows() == rows_of(source)
    assert told.rows["libraries"] == COUNT


def test_rows_that_were_changed_removed_or_added_meanwhile_are_moved_as_they_are_now(source: Path, target: Place) -> None:
    with pytest.raises(Stopped):
        moved(source, target, Steps(300))
    execute(source, "DELETE FROM labels WHERE thing LIKE '00%'", "UPDATE users SET enabled = NOT enabled", "DELETE FROM tokens")
    fill(source, start=COUNT, count=20)
    moved(source, target)
    assert target.rows() == rows_of(source)


def test_names_that_were_exchanged_between_two_rows_contradict_no_constraint(source: Path, target: Place) -> None:
    with pytest.raises(Stopped):
        moved(source, target, Steps(300))
    names = "SELECT name FROM categories ORDER BY id"
    with closing(sqlite3.connect(source)) as database, database:
        first, *_, last = (row[0] for row in database.execute(names).fetchall())
        for old, new in ((first, "aside"), (last, first), ("aside", last)):
            database.execute("UPDATE categories SET name = ? WHERE name = ?", (new, old))
    moved(source, target)
    assert target.rows() == rows_of(source)


def test_a_row_that_differs_in_the_target_is_found_and_copied_again(source: Path, target: Place) -> None:
    with pytest.raises(Stopped):
        moved(source, target, Steps(350))
    target.run("UPDATE items SET size = size - 1 WHERE name = 'plain'; DELETE FROM users WHERE name LIKE '00%'")
    moved(source, target)
    assert target.rows() == rows_of(source)


class ThereAndBack(Steps):
    """Changes rows while a pass catches up, and changes them back before the last pass."""

    def __init__(self, source: Path) -> None:
        super().__init__()
        self._source = source
        self._removed: list[tuple[object, ...]] = []

    def begin(self, phase: str, rows: int) -> None:
        super().begin(phase, rows)
        if phase == "catch up":  # without its first rows, the table is divided at other keys
            with closing(sqlite3.connect(self._source)) as database, database:
                database.execute("UPDATE attachments SET number = number + 1000 WHERE number = 6")
                self._removed = database.execute("DELETE FROM attachments WHERE number < 3 RETURNING *").fetchall()

    def advance(self, table: str, rows: int) -> None:
        super().advance(table, rows)
        if table == "tokens" and self._removed:
            with closing(sqlite3.connect(self._source)) as database, database:
                database.execute("UPDATE attachments SET number = number - 1000 WHERE number = 1006")
                database.executemany("INSERT INTO attachments VALUES (?, ?, ?, ?, ?, ?)", self._removed)
            self._removed = []


def test_rows_that_are_changed_there_and_back_between_passes_are_moved(source: Path, target: Place) -> None:
    with pytest.raises(Stopped):
        moved(source, target, Steps(400))
    moved(source, target, ThereAndBack(source))
    assert target.rows() == rows_of(source)


def test_rows_that_do_not_stay_as_they_were_copied_end_the_move(source: Path, target: Place) -> None:
    target.run("CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.size = 7; RETURN NEW; END'")
    target.run("CREATE TRIGGER spoil BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION spoil()")
    with pytest.raises(RuntimeError, match=r"table items: 4 rows from the start on differ after they were copied"):
        moved(source, target)
    migrate.check_current(source)
    with pytest.raises(RuntimeError, match="was not finished"):
        migrating.check_version(target.address)
    target.run("DROP TRIGGER spoil ON items")
    moved(source, target)
    assert target.rows() == rows_of(source)


def test_rows_that_contradict_a_constraint_end_the_move(source: Path, target: Place) -> None:
    execute(source, "PRAGMA foreign_keys = OFF", "UPDATE usages SET library = 'gone' WHERE rowid = 1")
    with pytest.raises(RuntimeError, match="the rows contradict a constraint: ALTER TABLE usages ADD CONSTRAINT"):
        moved(source, target)
    migrate.check_current(source)


def test_a_text_that_postgresql_cannot_store_is_named(source: Path, target: Place) -> None:
    execute(source, "UPDATE libraries SET description = 'a' || char(0) || 'b'")
    with pytest.raises(RuntimeError, match=r"table libraries has a text with the character U\+0000"):
        moved(source, target)
    migrate.check_current(source)


def test_a_second_move_does_nothing(source: Path, target: Place) -> None:
    moved(source, target)
    before = target.rows()
    again = moved(source, target)
    assert (again.rows, target.rows()) == ({}, before)


def test_a_kill_between_the_two_marks_is_mended(source: Path, target: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("contentlib.metadata.moves.target.TargetDatabase.open", _interrupted)
        with pytest.raises(Stopped):
            moved(source, target)
    assert migrate.is_moved(source)
    with pytest.raises(RuntimeError, match="was not finished"):
        migrating.check_version(target.address)
    moved(source, target)
    migrating.check_version(target.address)
    assert target.rows() == rows_of(source)


async def _interrupted(*_: object) -> None:
    raise Stopped


@pytest.mark.parametrize("unfinished", [False, True])
def test_a_database_of_another_server_is_left_alone(source: Path, target: Place, *, unfinished: bool) -> None:
    if unfinished:
        with pytest.raises(Stopped):
            moved(source, target, Steps(200))
    else:
        target.run("INSERT INTO state (key, value) VALUES ('server_guid', 'another')")
    execute(source, "UPDATE state SET value = 'other' WHERE key = 'server_guid'")
    before = target.rows()
    for attempt in (moved, lambda *_: count_source_rows(source, target.address)):
        with pytest.raises(RuntimeError, match="of another server; use an empty database"):
            attempt(source, target)
    assert target.rows() == before


def test_a_database_that_a_server_has_started_on_is_left_alone(source: Path, target: Place) -> None:
    now = "extract(epoch FROM clock_timestamp()) * 1000"
    target.run(f"INSERT INTO nodes VALUES ('id', 'node-1', 1, '1', 'running', {now}, {now}, 1)")
    with pytest.raises(RuntimeError, match="is in use by server 'node-1'; stop it first"):
        moved(source, target)


def test_a_dry_run_counts_the_rows_and_changes_nothing(source: Path, bare: Place) -> None:
    with closing(sqlite3.connect(source)) as database:
        before = list(database.iterdump())
        counted = count_source_rows(source, bare.address)
        assert list(database.iterdump()) == before
    assert counted == {name: len(rows) for name, rows in rows_of(source).items()}
    assert bare.schema() == set()


@pytest.mark.parametrize(
    ("host", "told"), [(None, "the database does not exist"), ("/nowhere", "the database cannot be reached")]
)
def test_a_target_that_cannot_be_reached_is_an_error(source: Path, host: str | None, told: str) -> None:
    url = postgresql.server().url("nowhere") if host is None else f"postgresql://postgres@/library?host={host}"
    with pytest.raises(OSError, match=told):
        move_rows(source, Address(url, wait_seconds=0.2), Steps())


def test_a_role_that_may_not_create_tables_is_an_error(source: Path, bare: Place) -> None:
    role = f"role_{bare.name}"
    bare.run(f"CREATE ROLE {role} LOGIN")
    try:
        with pytest.raises((OSError, RuntimeError), match="permission denied for schema public"):
            move_rows(source, Address(bare.server.url(bare.name, role)), Steps())
    finally:
        bare.run(f"DROP OWNED BY {role}; DROP ROLE {role}")
    migrate.check_current(source)


def test_a_move_can_be_undone_and_done_again(source: Path, target: Place) -> None:
    before = rows_of(source)
    moved(source, target)
    target.run("UPDATE libraries SET description = 'changed there'")
    reopen_source(source, target.address)
    migrate.check_current(source)
    assert rows_of(source) == before
    with pytest.raises(RuntimeError, match="was not finished"):
        migrating.check_version(target.address)
    execute(source, "UPDATE libraries SET description = 'changed here'")
    moved(source, target)
    assert target.rows() == rows_of(source)


def test_a_move_that_was_undone_without_the_target_needs_an_empty_one(source: Path, target: Place) -> None:
    moved(source, target)
    reopen_source(source, None)
    with pytest.raises(RuntimeError, match="has rows of an earlier move, which was undone; use an empty database"):
        moved(source, target)
    with pytest.raises(RuntimeError, match="was not moved; there is nothing to undo"):
        reopen_source(source, None)


def test_a_source_without_a_server_is_an_error(database: Path, target: Place) -> None:
    with pytest.raises(RuntimeError, match="is not initialized; there is nothing to move"):
        moved(database, target)
    assert SERVER not in target.schema()
