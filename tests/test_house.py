"""The house rules that can be counted: the length of files and functions, the arguments of constructors, one name one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import contentlib

ROOT = Path(contentlib.__file__).parent
LINES_OF_A_FILE, LINES_OF_A_FUNCTION, ARGUMENTS = 400, 60, 6

TABLES = {"settings/server.py", "metadata/tables.py"}
"""Files that are one long table, with the migrations."""

SHARED_NAMES = {
    "a port, and its adapter on SQLite": """
        AnnotationRows ApiTokenRows ArrivalRows AttachmentRows AuditRows BlobRows CategoryRows DeletedRows
        DownloadSessionRows FetchedItemRows FigureRows GroupRows ItemRows LastUseRows LibraryRows LineRows LoginLinkRows
        LoginRows OfferRows PermissionRows PreparationRows QueryRows QuotaRows RoleRows SecretRows StateRows
        SubscriberContactRows SubscriberCredentialRows SubscriberRows TagRows TaskRows TokenRows
        TrustedCertificateRows UpdateFileRows UpdateSessionRows UsageRows UsedByRows UsedLoginRows UserRows
        VersionRows
        """,
    "a structure or enumeration of the contract, and the value of the rules that it is made of": """
        Cardinality EndpointType LibraryType Outcome Placement PrepareStatus ProbeStatus Progress Property TaskStatus
        TransferStatus WarningType
        """,
    "structures that the contract names alike in several services": """
        AddSpec ComponentData ComponentInfo CreateResult CreateSpec DestinationSpec FilterSpec FindSpec Info ListResult
        OperationInfo PackageInfo ServiceInfo Summary UpdateSpec
        """,
    "an error of the rules, and the error of the contract that callers hear": "Unsupported",
    "a command on the machine of a server, and the command that does the same through the API": """
        add_group add_role add_user disable_user enable_user join_group leave_group list_groups
        list_permissions list_roles list_tokens list_users map_group remove_group remove_permission
        remove_role remove_token remove_user set_password set_permission show_role
        """,
    "a command, and the function that it runs": "adopt export_bundle import_bundle publish_static",
    "makes a data directory ready, for a server or for a command": "prepare",
    "a command, which is called as its function is, and what a document says": "version",
    "the step that alembic calls in each migration, and the function that runs them": "upgrade",
    "a value that is written with its type, in two protocols": "Typed",
    "the step of a state machine: that of sessions, and that of tasks": "fire",
    "reads, writes or names one thing of the format or row that its module is for": """
        document identifier listed note parse read text write
        """,
}


@cache
def _modules() -> dict[str, ast.Module]:
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def _is_table(module: str) -> bool:
    return module in TABLES or module.startswith("metadata/migrations/versions/")


def _functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for module, tree in _modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module, node


def _constructors() -> Iterator[tuple[str, ast.arguments]]:
    """Those that are written out: the fields of a value are its own matter."""
    for module, tree in _modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for member in node.body:
                    if isinstance(member, ast.FunctionDef) and member.name == "__init__":
                        yield f"{module}:{node.name}", member.args


def _public_names() -> dict[str, list[str]]:
    found = defaultdict(list)
    for module, tree in _modules().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                found[node.name].append(module)
    return found


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    long = {module for module in _modules() if len((ROOT / module).read_text("utf-8").splitlines()) > LINES_OF_A_FILE}
    assert {module for module in long if not _is_table(module)} == set()


def test_no_function_does_many_things() -> None:
    long = [(module, node.name) for module, node in _functions() if (node.end_lineno or 0) - node.lineno >= LINES_OF_A_FUNCTION]
    assert [each for each in long if not _is_table(each[0])] == []


def test_no_constructor_has_many_arguments() -> None:
    many = {
        name
        for name, given in _constructors()
        if len([*given.posonlyargs, *given.args, *given.kwonlyargs]) - 1 > ARGUMENTS  # without self
    }
    assert many == set()


def test_a_public_name_means_one_thing() -> None:
    shared = {name for name, modules in _public_names().items() if len(modules) > 1}
    assert shared - {name for names in SHARED_NAMES.values() for name in names.split()} == set()


def test_no_name_is_allowed_in_vain() -> None:
    found = _public_names()
    allowed = [name for names in SHARED_NAMES.values() for name in names.split()]
    assert [name for name in allowed if len(found[name]) < 2] == []
    assert len(allowed) == len(set(allowed))


def test_tables_are_there() -> None:
    assert set(_modules()) >= TABLES
