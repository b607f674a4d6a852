"""What the SDK called in a run, kept in `record.json`; each test compares its own part, so that the page is never stale."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

Tree = dict[str, dict[str, dict[str, str]]]
_FILE = Path(__file__).with_name("record.json")


class Record:
    """For each test and transport the operations with their outcomes; a plugin of pytest while it is being made."""

    def __init__(self, tree: Tree, *, writing: bool) -> None:
        self.tree = tree
        self._writing = writing

    @classmethod
    def of(cls, config: pytest.Config) -> Record:
        """The record that is being made, or that of earlier runs."""
        return next((each for each in config.pluginmanager.get_plugins() if isinstance(each, cls)), None) or cls.read()

    @classmethod
    def read(cls) -> Record:
        """The record of earlier runs."""
        return cls(json.loads(_FILE.read_bytes()), writing=False)

    def write(self) -> None:
        """Keeps the record."""
        _FILE.write_text(json.dumps(self.tree, indent=1, sort_keys=True) + "\n")

    def agree(self, test: str, transport: str, calls: dict[str, str]) -> None:
        """Compares what a test called with the record; notes it where the record is being made."""
        if self._writing:
            self.tree.setdefault(test, {})[transport] = calls
        assert self.tree.get(test, {}).get(transport) == calls, "docs/conformance.md is stale: run `make conformance`"
