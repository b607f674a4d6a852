from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.contract import OPERATIONS
from conformance.forms import Arguments, Form, Heard
from conformance.rows import AtOnce, Make
from conformance.servers import FORMS, Server
from conformance.table import ROWS
from conformance.values import check
from conformance.world import World

forms = pytest.mark.parametrize("form", FORMS, ids=[form.title for form in FORMS])
PROVOKED = [
    pytest.param(operation, error, how, id=f"{operation}: {error}")
    for operation, row in ROWS.items()
    for error, how in row.errors.items()
    if not isinstance(how, str)
]
MOST_TRIES = 20


def test_every_operation_has_a_row() -> None:
    assert ROWS.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_declared_error_is_provoked_or_explained(operation: str) -> None:
    declared = set(OPERATIONS[operation].errors) - {"unauthenticated"}
    assert ROWS[operation].errors.keys() == declared


@forms
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_answers_as_it_is_declared(server: Server, world: World, operation: str, form: Form) -> None:
    row, declared = ROWS[operation], OPERATIONS[operation]
    heard = server.send(form, operation, row.call(world), row.caller(world))
    if row.later is not None:
        assert heard.error == row.later.error
        assert heard.error in declared.errors
        assert row.later.says in heard.message
    else:
        assert heard.error is None, heard
        assert heard.result != [], "an empty list shows nothing"
        check(heard.result, declared.output)


@forms
@pytest.mark.parametrize(("operation", "error", "how"), PROVOKED)
def test_a_declared_error_is_heard(
    server: Server, world: World, operation: str, error: str, how: Make | AtOnce, form: Form
) -> None:
    if isinstance(how, AtOnce):
        heard = one_of_several(server, form, operation, error, how.call(world))
    else:
        heard = server.send(form, operation, how(world), server.token)
    assert heard.error == error, heard


def one_of_several(server: Server, form: Form, operation: str, error: str, arguments: Arguments) -> Heard:
    """What the first call heard that came while another one was running; tried again where they came one by one."""
    with ThreadPoolExecutor(4) as threads:
        for _ in range(MOST_TRIES):
            calls = [threads.submit(server.send, form, operation, arguments, server.token) for _ in range(4)]
            found = [call.result() for call in calls if call.result().error == error]
            if found:
                return found[0]
    raise AssertionError(f"no call heard {error}")


@forms
@pytest.mark.parametrize("operation", OPERATIONS)
def test_nobody_calls_without_a_session(server: Server, world: World, operation: str, form: Form) -> None:
    heard = server.send(form, operation, ROWS[operation].call(world), None)
    assert heard.error == "unauthenticated", heard
