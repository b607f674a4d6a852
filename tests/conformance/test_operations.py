from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from conformance.contract import OPERATIONS, SERVICES
from conformance.forms import Arguments, Form, Heard
from conformance.rows import AtOnce, Make
from conformance.servers import FORMS, Server
from conformance.table import BY_SERVICE, PROVOKED, ROWS
from conformance.values import check
from conformance.world import World

forms = pytest.mark.parametrize("form", FORMS, ids=[form.title for form in FORMS])
MOST_TRIES = 20


def test_every_service_of_the_contract_has_rows() -> None:
    assert sorted(BY_SERVICE) == sorted(SERVICES)


@pytest.mark.parametrize("service", BY_SERVICE)
def test_every_operation_of_a_service_has_a_row(service: str) -> None:
    assert BY_SERVICE[service].keys() == {each.name for each in OPERATIONS.values() if each.service == service}


@pytest.mark.parametrize("operation", ROWS)
def test_every_declared_error_is_provoked_or_explained(operation: str) -> None:
    declared = set(OPERATIONS[operation].errors) - {"unauthenticated"}
    assert ROWS[operation].errors.keys() == declared


@forms
@pytest.mark.parametrize("operation", ROWS)
def test_an_operation_answers_as_it_is_declared(server: Server, world: World, operation: str, form: Form) -> None:
    row = ROWS[operation]
    heard = server.send(form, operation, row.call(world), row.caller(world))
    assert heard.error == row.refused, heard
    if row.refused:
        return
    assert heard.result != [], "an empty list shows nothing"
    check(heard.result, OPERATIONS[operation].output)


@forms
@pytest.mark.parametrize(
    ("operation", "error", "how"), PROVOKED, ids=[f"{operation}: {error}" for operation, error, _ in PROVOKED]
)
def test_a_declared_error_is_heard(
    server: Server, world: World, operation: str, error: str, how: Make | AtOnce, form: Form
) -> None:
    if isinstance(how, AtOnce):
        heard = one_of_two(lambda: how.call(world), lambda given: server.send(form, operation, given, server.token))
    else:
        heard = server.send(form, operation, how(world), server.token)
    assert heard.error == error, heard


def one_of_two(arguments: Callable[[], Arguments], call: Callable[[Arguments], Heard]) -> Heard:
    """What a call heard that came while another one was running; tried again where they came one after the other."""
    with ThreadPoolExecutor(2) as threads:
        for _ in range(MOST_TRIES):
            given = arguments()
            refused = [heard for heard in threads.map(call, (given, given)) if heard.error]
            if refused:
                return refused[0]
    raise AssertionError("no call was refused")


@cache
def unused_arguments(world: World, operation: str) -> Arguments:
    """Valid arguments; made once, as nobody who has no session uses them up."""
    return ROWS[operation].call(world)


@forms
@pytest.mark.parametrize("operation", ROWS)
def test_nobody_calls_without_a_session(server: Server, world: World, operation: str, form: Form) -> None:
    heard = server.send(form, operation, unused_arguments(world, operation), None)
    assert heard.error == "unauthenticated", heard
