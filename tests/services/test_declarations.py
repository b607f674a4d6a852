from __future__ import annotations

import re
from typing import Any

import pytest

from contentlib.messages import Fault
from contentlib.vapi.declare import Privilege
from contentlib.vapi.errors import ERRORS
from contentlib.vapi.registry import Registry
from contentlib.vapi.types import ENUMERATION_NAMES, fields_of
from contentlib.wire.dispatch import RestAddresses
from services.declared import BESIDE, CONTRACT, DECLARED, OPERATIONS, SERVICES, contract_of, reached

MAIN_JOB = {
    "com.vmware.cis.session",
    "com.vmware.content.configuration",
    "com.vmware.content.library",
    "com.vmware.content.library.item",
    "com.vmware.content.library.item.download_session",
    "com.vmware.content.library.item.downloadsession.file",
    "com.vmware.content.library.item.file",
    "com.vmware.content.library.item.storage",
    "com.vmware.content.library.item.update_session",
    "com.vmware.content.library.item.updatesession.file",
    "com.vmware.content.local_library",
    "com.vmware.content.type",
}
LEFT_OUT = {("com.vmware.vcenter.ovf.library_item.resource_pool_deployment_spec", "additional_parameters")}
"""Fields of any structure, which no form reads; the operation is refused whatever they hold."""

STRUCTURES, ENUMERATIONS = reached()
ADDRESSES = RestAddresses(Registry(service.__new__(service) for service in SERVICES.values()))

each_operation = pytest.mark.parametrize("name", OPERATIONS)
each_with_privileges = pytest.mark.parametrize("name", [n for n in OPERATIONS if contract_of(n)["privileges"] is not None])


def test_the_services_of_the_main_job_are_all_there() -> None:
    assert set(SERVICES) >= MAIN_JOB


@pytest.mark.parametrize("service", [name for name in SERVICES if name in CONTRACT["services"]])
def test_a_service_has_the_operations_of_the_contract_and_no_others(service: str) -> None:
    declared = {operation.name for operation in DECLARED.values() if operation.service == service}
    declared -= {name.rpartition(".")[2] for name in BESIDE if name.startswith(f"{service}.")}
    assert declared == set(CONTRACT["services"][service])


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_beside_the_contract_is_not_in_it(name: str) -> None:
    assert DECLARED[name].name not in CONTRACT["services"][DECLARED[name].service]


@each_operation
def test_parameters_have_the_names_and_types_of_the_contract(name: str) -> None:
    declared = {parameter.name: str(parameter.type) for parameter in OPERATIONS[name].parameters}
    assert declared == contract_of(name)["parameters"]


@each_operation
def test_an_operation_answers_what_the_contract_says(name: str) -> None:
    assert str(OPERATIONS[name].output) == contract_of(name)["output"]


@each_operation
def test_an_operation_declares_the_errors_of_the_contract_and_no_others(name: str) -> None:
    assert sorted(error.name for error in OPERATIONS[name].errors) == contract_of(name)["errors"]


@each_with_privileges
def test_privileges_are_those_of_the_contract(name: str) -> None:
    """The contract names a field by the structure that holds it, we by the path to it from a parameter."""
    wanted = [
        (each["privilege"], each["resource_type"], each["on"] and each["on"].rpartition(".")[2])
        for each in contract_of(name)["privileges"]
    ]
    assert [(each.name, each.resource, _last(each.on)) for each in OPERATIONS[name].privileges] == wanted


@each_operation
def test_the_resource_of_a_privilege_is_a_parameter_or_a_field_of_one(name: str) -> None:
    for privilege in OPERATIONS[name].privileges:
        assert privilege.on is None or _is_there(name, privilege)


@each_operation
def test_the_address_on_api_is_that_of_the_contract(name: str) -> None:
    wanted = contract_of(name)["api"]
    variables = wanted["path_variables"] or {}
    path = re.sub(r"\{(.+?)\}", lambda found: f"{{{variables[found[1]]}}}", wanted["path"])
    route = OPERATIONS[name].api
    assert (route.method, route.path) == (wanted["method"], path)
    assert route.dispatch == (wanted["dispatch_query"] or {})


@each_operation
def test_body_headers_and_status_on_api_are_those_of_the_contract(name: str) -> None:
    wanted = contract_of(name)["api"]
    route = OPERATIONS[name].api
    assert (route.body, route.headers, route.status) == (
        wanted["body_is_parameter"],
        wanted["header_parameters"] or {},
        wanted["success_status"],
    )


@each_operation
def test_the_address_on_rest_is_that_of_the_contract(name: str) -> None:
    wanted = contract_of(name)["rest"]
    path, _, query = wanted["path"].partition("?")
    action = query.rpartition("=")[2] or None
    target, _ = ADDRESSES.find(wanted["method"], re.sub(r"\{.+?\}", "x", path), action, [])
    assert target.endpoint.operation.id == name


@each_operation
def test_only_logging_in_needs_no_session(name: str) -> None:
    assert OPERATIONS[name].anonymous == (name == "com.vmware.cis.session.create")


@each_operation
def test_an_operation_says_in_a_sentence_what_it_does(name: str) -> None:
    assert re.fullmatch(r"[A-Z].+[.]", OPERATIONS[name].summary)


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_has_the_fields_of_the_contract_and_no_others(name: str) -> None:
    wanted = {field: re.sub("anyerror|opaque", "any", kind) for field, kind in CONTRACT["structures"][name].items()}
    wanted = {field: kind for field, kind in wanted.items() if (name, field) not in LEFT_OUT}
    assert {field.name: str(field.type) for field in fields_of(STRUCTURES[name])} == wanted


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_an_enumeration_has_the_values_of_the_contract_and_no_others(name: str) -> None:
    assert sorted(ENUMERATIONS[name]) == CONTRACT["enumerations"][name]
    assert all(member.name == member.value for member in ENUMERATIONS[name])


def test_every_structure_that_the_contract_gives_a_service_is_reached() -> None:
    """None of the service's own is declared and then used by nothing."""
    own = [each for each in CONTRACT["structures"] if each.rpartition(".")[0] in MAIN_JOB]
    unused = set(own) - set(STRUCTURES)
    assert not [name for name in unused if _is_used_by_contract(name)]


def test_no_two_enumerations_have_one_name() -> None:
    names = [name for each, name in ENUMERATION_NAMES.items() if each.__module__.startswith("contentlib.")]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", CONTRACT["errors"])
def test_an_error_has_the_type_and_the_status_of_the_contract(name: str) -> None:
    error = ERRORS[name](Fault("test", "text"))
    wanted = CONTRACT["errors"][name]
    assert error.error_type == wanted["error_type"]
    assert {"rest": error.rest_status, "api": error.api_status} == wanted["http_status"]


def test_there_are_no_errors_beside_the_contract() -> None:
    assert set(ERRORS) == set(CONTRACT["errors"])


def _last(path: str | None) -> str | None:
    return path and path.rpartition(".")[2]


def _is_there(name: str, privilege: Privilege) -> bool:
    known: dict[str, Any] = {parameter.name: parameter.type for parameter in OPERATIONS[name].parameters}
    for step in (privilege.on or "").split("."):
        declared = known.get(step)
        while declared is not None and declared.of is not None:
            declared = declared.of
        if declared is None:
            return False
        known = {field.name: field.type for field in fields_of(declared.python)} if declared.kind == "structure" else {}
    return True


def _is_used_by_contract(name: str) -> bool:
    used = [
        text
        for service in MAIN_JOB
        for operation in CONTRACT["services"][service].values()
        for text in [operation["output"], *operation["parameters"].values()]
    ]
    return any(name in re.findall(r"[\w.]+", text) for text in used)
