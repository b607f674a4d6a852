"""Tests which tables the audit log covers: all, except those that are listed with a reason."""

from __future__ import annotations

from contentlib.metadata import tables
from contentlib.metadata.audit_things import PARAMETERS
from contentlib.metadata.generations import slot_of
from contentlib.metadata.principals import ACCESS_TABLES
from contentlib.metadata.routine import OF_SERVER, ROUTINE

ONLY_COUNTED = {
    "arrivals",
    "category_users",
    "labels",
    "notes",
    "offers",
    "state",
    "stored_files",
    "tag_users",
    "versions",
}
"""Tables of parts of things, which an entry names by themselves."""


def test_each_table_is_named_counted_or_left_out_for_a_reason() -> None:
    assert set(tables.metadata.tables) == set(PARAMETERS) | ONLY_COUNTED | set(ROUTINE)
    assert not set(PARAMETERS) & set(ROUTINE)
    assert set(OF_SERVER) <= set(PARAMETERS) | ONLY_COUNTED


def test_an_entry_does_not_count_as_a_change_of_users_or_permissions() -> None:
    slots = {slot_of(table) for table in ACCESS_TABLES}
    assert not slots & {slot_of(table) for table in ("audit", "audit_things", "audit_ends")}
