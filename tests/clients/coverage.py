"""Which operations each real client has called with success: `COVERED`, kept in `record.json` and compared with each run.

`make clients` makes the record anew, and `make conformance` then the page of it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote

import pytest

from clients import govc_commands
from contract import bindings

_FILE = Path(__file__).with_name("record.json")
_CONTRACT = bindings.whole()["services"]
_GET_SESSION = ("POST", "/rest/com/vmware/cis/session", "get")  # govmomi's way, which the contract does not have

_TESTS = (
    *("clients/test_coverage.py", "clients/test_pyvmomi.py", "clients/ansible/test_calls.py", "docs/test_lines.py"),
    *("clients/test_govc_commands.py", "clients/terraform/test_provider.py"),
)

Calls = Mapping[str, Iterable[str]]


def _inverted(record: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    covered: dict[str, set[str]] = {}
    for client, calls in record.items():
        for call in calls:
            covered.setdefault(call, set()).add(client)
    return covered


def _read(part: str) -> dict[str, list[str]]:
    record: dict[str, dict[str, list[str]]] = json.loads(_FILE.read_bytes()) if _FILE.exists() else {}
    return record.get(part, {})


COVERED: dict[str, set[str]] = _inverted(_read("operations"))
"""Operation -> the clients that called it."""
SOAP: dict[str, set[str]] = _inverted(_read("methods"))
"""Method of the Web Services -> the clients that called it."""


def operation_of(call: str) -> str | None:
    """The operation that a request (`POST /rest/…?~action=find`) calls; None for transfers and for what is no operation.

    Of JSON-RPC the operation's own name is what was heard.
    """
    if call.startswith("com.vmware."):
        return call
    method, _, target = call.partition(" ")
    path, _, query = target.partition("?")
    asked = parse_qs(query, keep_blank_values=True)
    action = asked.get("~action", asked.get("action", [None]))[0]
    return _found(method, unquote(path), action)


def _found(method: str, path: str, action: str | None) -> str | None:
    if (method, path, action) == _GET_SESSION:
        return "com.vmware.cis.session.get"
    for name, pattern in _ADDRESSES.get((method, action), ()):
        if pattern.fullmatch(path):
            return name
    return None


def _addresses() -> dict[tuple[str, str | None], list[tuple[str, re.Pattern[str]]]]:
    found: dict[tuple[str, str | None], list[tuple[str, re.Pattern[str]]]] = {}
    for service, operations in _CONTRACT.items():
        for name, operation in operations.items():
            for form in ("rest", "api"):
                address = operation.get(form)
                if address:
                    path, _, query = address["path"].partition("?")
                    action = (address.get("dispatch_query") or {}).get("action") or query.removeprefix("~action=") or None
                    pattern = re.compile("".join(_piece(piece) for piece in re.split(r"(\{\w+\})", path)))
                    found.setdefault((address["method"], action), []).append((f"{service}.{name}", pattern))
    return found


def _piece(piece: str) -> str:
    return "[^/]*" if piece.startswith("{") else re.escape(piece)


_ADDRESSES = _addresses()


def operations(calls: Iterable[str]) -> list[str]:
    """The operations among what a client sent."""
    return sorted({found for call in calls if (found := operation_of(call)) is not None})


def methods(calls: Iterable[str]) -> list[str]:
    """The methods of the Web Services among what a client sent."""
    return sorted({call for call in calls if not {" ", "."} & set(call)})


class Recorder:
    """Collects what the clients called; a plugin of pytest while the record is made."""

    def __init__(self, *, writing: bool) -> None:
        self._writing = writing
        self.tree: dict[str, dict[str, list[str]]] = {"operations": {}, "methods": {}}

    @classmethod
    def of(cls, config: pytest.Config) -> Recorder:
        """The one that is writing, or one that only compares."""
        return next((each for each in config.pluginmanager.get_plugins() if isinstance(each, cls)), None) or cls(writing=False)

    def agree(self, client: str, calls: Iterable[str]) -> None:
        """Compares what a client called with success with the record; notes it where the record is being made."""
        sent = list(calls)
        made = {"operations": operations(sent), "methods": methods(sent)}
        for part, found in made.items():
            self.tree[part][client] = found
            known = found if self._writing else _read(part).get(client, [])
            assert found == known, f"tests/clients/record.json is stale for {client}: run `make clients`"

    def agree_on_commands(self, outcomes: Mapping[str, str]) -> None:
        """Compares what became of govc's commands with the record; notes it where the record is being made."""
        if self._writing:
            govc_commands.RECORD.write_text(json.dumps(outcomes, indent=1, sort_keys=True) + "\n")
        assert outcomes == govc_commands.recorded(), f"{govc_commands.RECORD} is stale: run `make clients`"

    def write(self) -> None:
        """Keeps the record; clients that were not part of this run keep theirs."""
        merged = {part: {**_read(part), **made} for part, made in self.tree.items()}
        _FILE.write_text(json.dumps(merged, indent=1, sort_keys=True) + "\n")


def main() -> int:
    """Runs the tests that record, and keeps what they found."""
    recorder = Recorder(writing=True)
    tests = [str(Path(__file__).parents[1] / name) for name in _TESTS]
    ended = pytest.main(["-n", "0", "-k", "the_record", *tests], plugins=[recorder])
    if ended == pytest.ExitCode.OK:
        recorder.write()
    return int(ended)


if __name__ == "__main__":
    from clients import coverage  # the plugin must be of the class that the tests import, not of __main__'s

    sys.exit(coverage.main())
