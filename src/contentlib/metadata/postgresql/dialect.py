"""Writes SQL for PostgreSQL so that it keeps and compares values as SQLite does.

An integer has 64 bits, texts are compared by their code points in every database (as the collation "C" does), and the clause
ON CONFLICT of SQLite's dialect is understood.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BinaryExpression, BindParameter
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.dialects.postgresql.base import PGDDLCompiler, PGTypeCompiler
from sqlalchemy.dialects.sqlite.dml import OnConflictClause
from sqlalchemy.sql.operators import is_, is_not

DRIVER = "contentlib"


class _Statements(PGCompiler_asyncpg):
    def _on_conflict_target(self, clause: OnConflictClause, **kw: Any) -> str:
        clause.constraint_target = None  # type: ignore[attr-defined] # which PostgreSQL can name, and SQLite cannot
        return super()._on_conflict_target(clause, **kw)  # type: ignore[no-any-return, no-untyped-call] # SQLAlchemy has no type

    def visit_binary(self, binary: BinaryExpression[Any], *more: Any, **kw: Any) -> str:
        found: str = super().visit_binary(binary, *more, **kw)  # type: ignore[no-untyped-call] # SQLAlchemy has no type
        tested = binary.operator in (is_, is_not) and isinstance(binary.left, BindParameter) and binary.left.type._isnull
        return found.replace(" IS", "::VARCHAR IS", 1) if tested else found  # of `:name IS NULL`, a text


class _Types(PGTypeCompiler):
    def visit_INTEGER(self, type_: Any, **kw: Any) -> str:  # noqa: N802, ARG002 - SQLAlchemy's names
        return "BIGINT"


class _Definitions(PGDDLCompiler):
    def get_column_specification(self, column: Any, **kw: Any) -> str:
        found: str = super().get_column_specification(column, **kw)  # type: ignore[no-untyped-call] # SQLAlchemy has no type
        name, _, rest = found.partition(" ")
        rest = rest.replace("TEXT", 'TEXT COLLATE "C"', 1) if rest.startswith("TEXT") else rest
        return f"{name} {rest.replace('SERIAL', 'BIGSERIAL', 1) if rest.startswith('SERIAL') else rest}"


class PostgresqlDialect(PGDialect_asyncpg):
    """The dialect of both statements and migrations."""

    driver = DRIVER
    supports_statement_cache = True
    statement_compiler = _Statements
    ddl_compiler = _Definitions
    type_compiler_cls = _Types


registry.register(f"postgresql.{DRIVER}", __name__, PostgresqlDialect.__name__)
DIALECT = PostgresqlDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # SQLAlchemy has no type
"""The dialect that compiles statements for asyncpg."""
