"""Defines the functions of SQL that SQLite and PostgreSQL write differently."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Select, Text, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class each_text(GenericFunction[Any]):  # noqa: N801 - named as the functions of SQL are
    """The texts of a JSON array, as rows with the column `value`."""

    inherit_cache = True


class place_of(GenericFunction[int]):  # noqa: N801 - the same
    """Where a text begins to be part of another one, counted from 1; 0 where it is not."""

    inherit_cache = True


@compiles(each_text, "sqlite")
def _each_in_sqlite(element: each_text, compiler: Any, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(each_text, "postgresql")
def _each_in_postgresql(element: each_text, compiler: Any, **kw: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **kw)} AS JSON))"


@compiles(place_of, "sqlite")
def _place_in_sqlite(element: place_of, compiler: Any, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)})"


@compiles(place_of, "postgresql")
def _place_in_postgresql(element: place_of, compiler: Any, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)})"


def given_texts(name: str) -> Select[Any]:
    """The texts of a parameter that is a JSON array of them: one statement for any number."""
    array: BindParameter[str] = bindparam(name, type_=Text())
    return select(each_text(array).table_valued("value").c.value)
