"""Writes the statements and columns of a version to files, which the next version's tables must still serve.

`python -m frozen_statements` in `tests/` writes those of this version; do so for each release.
"""

from __future__ import annotations

import gc
import importlib
import json
import pkgutil
from pathlib import Path

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from contentlib import metadata
from contentlib.metadata import tables
from contentlib.metadata.migrate import HEAD
from contentlib.metadata.postgresql.dialect import DIALECT
from contentlib.metadata.statement import Statement

DATA = Path(__file__).parent / "data"


def directory(version: str) -> Path:
    """Where the files of a version are."""
    return DATA / f"statements_{version}"


def statements() -> list[Statement]:
    """All statements of the program, which its modules make when they are imported."""
    for each in pkgutil.walk_packages(metadata.__path__, f"{metadata.__name__}."):
        if "migrations" not in each.name:
            importlib.import_module(each.name)
    return [each for each in gc.get_objects() if isinstance(each, Statement)]


def freeze(version: str) -> None:
    """Writes the files."""
    target, found = directory(version), statements()
    target.mkdir(exist_ok=True)
    sqlite = SQLiteDialect_pysqlite(paramstyle="named")
    texts = {"postgresql": {each.numbered(DIALECT)[0] for each in found}, "sqlite": {each.text(sqlite)[0] for each in found}}
    for name, statements_of in texts.items():
        lines = sorted(" ".join(each.split()) for each in statements_of)
        (target / f"{name}.json").write_text(json.dumps(lines, indent=0, ensure_ascii=False) + "\n")
    columns = {table.name: sorted(table.columns.keys()) for table in tables.metadata.sorted_tables}
    (target / "columns.json").write_text(json.dumps(columns, indent=1) + "\n")


if __name__ == "__main__":
    freeze(HEAD)
