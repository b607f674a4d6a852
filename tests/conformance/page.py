"""The page docs/conformance.md, made of the table of operations and of the record of what the real clients called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from unittest.mock import Mock

from clients.coverage import COVERED, SOAP
from conformance.contract import OPERATIONS, Operation
from conformance.servers import FORMS
from conformance.table import BY_SERVICE, ROWS
from contentlib.vim.managers import MANAGERS
from contentlib.vim.methods import Methods
from contentlib.vim.objects import TYPES
from generator.markdown import table

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
CLIENTS = ("govmomi", "Terraform", "vmware.vmware", "vmware.vmware_rest", "curl")
SOAP_CLIENTS = ("govmomi", "Terraform", "vmware.vmware", "pyVmomi")
_FORMS = [form.title for form in FORMS]
_YES = "✓"
_HEAD = """# Conformance

Operations of the Content Library API, and of the services that its users also call, that the server implements, in each of its
five wire forms, and the clients that call them. `make conformance` writes this page after a run against a server process with
TLS; a test fails if it is stale.

{counts}

Each service has a table with a row for each operation.

- **{first}** to **{last}**, the [forms](design/wire.md): ✓ means that `tests/conformance` makes a valid call in this form, that
  the status is right, that each field of the result is as the contract declares it, and that the official SDK's decoders
  accept the result.
- *refused* means that the operation always fails in this form, because the server has no hosts and no virtual machines. The
  [errors](#declared-errors) list the error.
- **SDK**: the official Python SDK (`vmware-vcenter`) makes the call itself, over JSON-RPC, `/rest` and `/api`.
- The other columns are real clients: ✓ means that the client called the operation successfully while performing a task.
  **govmomi** is the Go library of govc, **Terraform** its provider `vsphere` 2.0.2, and newer versions' calls, replayed;
  **vmware.vmware** and **vmware.vmware_rest** are Ansible's collections, **curl** the commands in this documentation.
  [Clients](guide/clients.md) describes their setup. pyVmomi, and others for their login, use [SOAP](#soap).
"""
_SOAP = """
## SOAP

Methods of vSphere's Web Services at `/sdk` and `/pbm`, which tools use to log in, to find a datastore and its files, and to
follow tasks. ✓ means that the client called the method successfully. Any other public method of a vCenter fails with the fault
NotSupported, and what is none with MethodNotFound; both name it.
"""
_TYPES = """
Objects of these types can be read, the managers in the last line only as far as clients read them. Any other object does not
exist: the fault ManagedObjectNotFound names its type.

- {types}
- {managers}
"""
_ERRORS = """
## Declared errors

For each error that an operation declares: *provoked* in each of the five forms, and raised by the SDK as its class over
JSON-RPC; or why it cannot occur here. `unauthenticated` is provoked for every operation, declared or not.
"""


def page() -> str:
    """The page."""
    lines = _HEAD.format(counts=_counts(), first=_FORMS[0], last=_FORMS[-1]).splitlines()
    for service in BY_SERVICE:
        lines += ["", f"## {service}", "", table(["operation", *_FORMS, "SDK", *CLIENTS], map(_cells, _operations(service)))]
    methods = ([name, *_marks(SOAP, name, SOAP_CLIENTS)] for name in _soap_methods())
    lines += [*_SOAP.splitlines(), "", table(["method", *SOAP_CLIENTS], methods)]
    kinds = {each.type for each in MANAGERS}
    types = {"types": _wrapped(TYPES - kinds), "managers": _wrapped(kinds)}
    lines += [*_TYPES.format(**types).splitlines(), *_ERRORS.splitlines()]
    for service in BY_SERVICE:
        rows = [row for each in _operations(service) for row in _errors(each)]
        if rows:
            lines += ["", f"### Errors of {service}", "", table(["operation", "error", "how"], rows)]
    return "\n".join(lines) + "\n"


def _wrapped(names: Iterable[str]) -> str:
    return "\n  ".join(wrap(", ".join(sorted(names)), 124))


def _soap_methods() -> list[str]:
    """The methods by their names alone, which need no server."""
    return Methods(Mock(), Mock(), Mock(), Mock(), Mock()).names


def _counts() -> str:
    hows = [how for row in ROWS.values() for how in row.errors.values()]
    provoked = sum(not isinstance(how, str) for how in hows)
    there = sum(row.refused is None for row in ROWS.values())
    told = f"**{there} of {len(OPERATIONS)} operations** are there in all {len(_FORMS)} forms"
    return f"{told}.\n**{provoked} of {len(hows)} declared errors** are provoked, the others [explained](#declared-errors)."


def _operations(service: str) -> Iterator[Operation]:
    return (each for each in OPERATIONS.values() if each.service == service)


def _cells(operation: Operation) -> list[str]:
    mark = "*refused*" if ROWS[operation.id].refused else _YES
    return [operation.name, *[mark] * (len(_FORMS) + 1), *_marks(COVERED, operation.id, CLIENTS)]


def _marks(called: Mapping[str, set[str]], name: str, clients: Iterable[str]) -> Iterator[str]:
    return (_YES if client in called.get(name, ()) else "" for client in clients)


def _errors(operation: Operation) -> Iterator[list[str]]:
    for error, how in ROWS[operation.id].errors.items():
        yield [operation.name, f"`{error}`", how if isinstance(how, str) else "provoked"]
