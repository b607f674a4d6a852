"""Adds notes and labels, and the words by which libraries, items and tags are found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

from contentlib.library.words import words_of

revision = "0022"
down_revision = "0021"

_AT_ONCE = 1000
_ORDERS = ("folded_name", "folded_type", "created", "modified", "size")


def upgrade() -> None:
    """Adds the tables and the indexes, and fills them."""
    _add_notes()
    for replaced in ("folded_name", "folded_type"):
        op.drop_index(f"ix_items_{replaced}", "items")
    for column in _ORDERS:
        op.create_index(f"ix_items_{column}", "items", [column, "id"])
    op.create_table(
        "search_texts",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_search_texts"),
        sa.UniqueConstraint("thing", name="uq_search_texts_thing"),
    )
    op.create_table(
        "search_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", "name", "number", name="pk_search_words"),
        sqlite_with_rowid=False,
    )
    _fill()


def _add_notes() -> None:
    op.create_table(
        "notes",
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=True),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["library"], ["libraries.id"], name="fk_notes_library", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name="fk_notes_item", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("thing", name="pk_notes"),
    )
    op.create_index("ix_notes_library", "notes", ["library"])
    op.create_index("ix_notes_item", "notes", ["item"])
    op.create_table(
        "labels",
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["thing"], ["notes.thing"], name="fk_labels_thing", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("thing", "key", name="pk_labels"),
    )
    op.create_index("ix_labels_key_value", "labels", ["key", "value", "thing"])


_ITEMS = """
    SELECT items.id, items.folded_name, items.name, items.description, stored_files.name FROM items
    LEFT JOIN stored_files ON stored_files.version = items.version_id ORDER BY items.id
"""
_TEXTS = (
    "SELECT id, folded_name, name, description FROM libraries ORDER BY id",
    "SELECT id, '', name FROM tags ORDER BY id",
    _ITEMS,
)


def _fill() -> None:
    number = 0
    for query in _TEXTS:
        for batch in _batches(_things(op.get_bind(), query)):
            rows = [(number + place, *row) for place, row in enumerate(batch, 1)]
            number += len(batch)
            texts = [{"number": n, "thing": thing, "name": name, "words": " ".join(words)} for n, thing, name, words in rows]
            _insert("search_texts", texts)
            words = [{"word": word, "name": name, "number": n} for n, _, name, found in rows for word in found]
            _insert("search_words", words)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(f"SELECT setval(pg_get_serial_sequence('search_texts', 'number'), {number + 1}, false)"))


_Row = tuple[str, str, list[str]]


def _things(connection: sa.Connection, query: str) -> Iterator[_Row]:
    """The identifier of each thing, with its folded name and its words."""
    rows = connection.execute(sa.text(query), execution_options={"yield_per": _AT_ONCE})
    for (thing, name), found in groupby(rows, itemgetter(0, 1)):
        texts = dict.fromkeys(text for row in found for text in row[2:] if text)
        yield thing, name, words_of(*texts)


def _batches(things: Iterator[_Row]) -> Iterable[list[_Row]]:
    while batch := list(islice(things, _AT_ONCE)):
        yield batch


def _insert(name: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.get_bind().execute(sa.table(name, *map(sa.column, rows[0])).insert(), rows)
