"""The page docs/conformance.md, made of the table of operations and of the record of the SDK's calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conformance.contract import OPERATIONS, SERVICES, Operation
from conformance.record import Tree
from conformance.sdk_client import API, JSONRPC, REST
from conformance.servers import FORMS
from conformance.table import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
_TITLES = [form.title for form in FORMS]
_SDK = {"/rest JSON": REST, "/api JSON": API, "JSON-RPC": JSONRPC}
_HEAD = """# Conformance

Written by `make conformance` from a run against a server process with TLS; a test fails when it is stale.

**raw**: `tests/conformance` writes the request from the contract's types, checks the status, and checks every field of the
answer against the contract (JSON-RPC answers are decoded by the official SDK). **SDK**: the official Python SDK
(`vmware-vcenter`) makes the call as part of the main job; over `/rest` it uses the `/api` paths under `/rest`. *later: error*
means that the operation is left for later, and answers that declared error, whose message says so.
"""
_ERRORS = """
## Declared errors

How each error that an operation declares was provoked, or why it cannot occur. *raw* means: in each of the five forms.
"""


def sdk_outcomes(tree: Tree, operation: str, transport: str) -> set[str]:
    """All that the SDK heard of an operation over a transport."""
    return {outcome for each in tree.values() for outcome in each.get(transport, {}).get(operation, "").split()}


def page(tree: Tree) -> str:
    """The page."""
    lines = [*_HEAD.splitlines()]
    for service in SERVICES:
        lines += ["", f"## {service}", "", _row("operation", *_TITLES), _row(*["---"] * (len(_TITLES) + 1))]
        lines += [_row(each.name, *_answers(tree, each)) for each in _operations(service)]
    lines += _ERRORS.splitlines()
    for service in SERVICES:
        found = [row for each in _operations(service) for row in _errors(tree, each)]
        if found:
            lines += ["", f"### {service}", "", _row("operation", "error", "how"), _row("---", "---", "---"), *found]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _operations(service: str) -> Iterator[Operation]:
    return (each for each in OPERATIONS.values() if each.service == service)


def expected(operation: str) -> str:
    """`result`, or the error of an operation that is left for later; the tests see to it that it comes in every form."""
    later = ROWS[operation].later
    return "result" if later is None else later.error


def _answers(tree: Tree, operation: Operation) -> Iterator[str]:
    outcome = expected(operation.id)
    for title in _TITLES:
        called = title in _SDK and outcome in sdk_outcomes(tree, operation.id, _SDK[title])
        told = "raw, SDK" if called else "raw"
        yield told if outcome == "result" else f"{told} (later: `{outcome}`)"


def _errors(tree: Tree, operation: Operation) -> Iterator[str]:
    for error in operation.errors:
        how = ROWS[operation.id].errors.get(error)
        if isinstance(how, str):
            yield _row(operation.name, f"`{error}`", how)
        else:
            by = [name for name in _SDK.values() if error in sdk_outcomes(tree, operation.id, name)]
            yield _row(operation.name, f"`{error}`", ", ".join(["raw", *by]))
