"""What the server says of its declarations, as metamodel and as commands, against what the official SDK knows of them."""

from __future__ import annotations

from typing import Any

import pytest

from contentlib.structures.commands import Commands
from contentlib.structures.declarations import Metamodel
from contentlib.structures.metamodel import ErrorInfo, GenericType, TypeDescription
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.types import Structure
from contract import bindings
from services.declared import BESIDE, CONTRACT, OPERATIONS, SERVICES
from services.test_declarations import LEFT_OUT
from whole import Whole, told

PATH = "/api/vapi/metadata"
CATALOGUE = Catalogue(SERVICES.values())
METAMODEL, COMMANDS = Metamodel(CATALOGUE), Commands(CATALOGUE)
STRUCTURES = [name for name in METAMODEL.structures if name in CONTRACT["structures"]]
NAMES = {"LONG": "integer", "DATE_TIME": "datetime", "OPAQUE": "any"}
ANY = {"opaque", "anyerror", "any"}
"""Types that are one here: values whose type is known only at run time."""


def written(described: TypeDescription) -> str:
    """A type in the contract's notation."""
    if described.builtin_type is not None:
        return NAMES.get(described.builtin_type, described.builtin_type.lower())
    if described.user_defined_type is not None:
        return described.user_defined_type.resource_id
    made = described.generic_instantiation
    assert made is not None
    if made.generic_type is GenericType.MAP:
        assert made.map_key_type is not None
        assert made.map_value_type is not None
        return f"map<{written(made.map_key_type)},{written(made.map_value_type)}>"
    assert made.element_type is not None
    return f"{made.generic_type.lower()}<{written(made.element_type)}>"


def of_contract(text: str) -> str:
    """A type of the contract, in which values of any type have one name."""
    for name in ANY:
        text = "any" if text == name else text.replace(f"<{name}>", "<any>").replace(f",{name}>", ",any>")
    return text


@pytest.mark.parametrize("service", [name for name in SERVICES if name in CONTRACT["services"]])
def test_the_operations_of_a_service_are_as_the_sdk_knows_them(service: str) -> None:
    described = METAMODEL.service(service).operations
    known = CONTRACT["services"][service]
    assert set(described) - {name.rpartition(".")[2] for name in BESIDE if name.startswith(f"{service}.")} == set(known)
    for name, wanted in known.items():
        found = described[name]
        parameters = {each.name: written(each.type) for each in found.params}
        assert parameters == {key: of_contract(each) for key, each in wanted["parameters"].items()}
        assert written(found.output.type) == of_contract(wanted["output"])
        errors = {each.structure_id.rpartition(".")[2] for each in found.errors}
        assert errors >= set(wanted["errors"])
        assert errors <= {*wanted["errors"], *(each.name for each in OPERATIONS[f"{service}.{name}"].beside)}
        (method, address) = next(iter(found.metadata.items()))
        assert (method, f"/api{address.elements['path'].string_value}") == (
            wanted["api"]["method"],
            wanted["api"]["path"].format_map(_Variables(wanted["api"]["path_variables"] or {})),
        )


class _Variables(dict[str, str]):
    """The names of parameters, by those in a path."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"

    def __getitem__(self, key: str) -> str:
        return f"{{{dict(self).get(key, key)}}}"


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_has_the_fields_that_the_sdk_knows(name: str) -> None:
    wanted = {key: of_contract(each) for key, each in CONTRACT["structures"][name].items() if (name, key) not in LEFT_OUT}
    assert {each.name: written(each.type) for each in METAMODEL.structure(name).fields} == wanted


@pytest.mark.parametrize("name", [name for name in METAMODEL.enumerations if name in CONTRACT["enumerations"]])
def test_an_enumeration_has_the_values_that_the_sdk_knows(name: str) -> None:
    assert sorted(each.value for each in METAMODEL.enumeration(name).values) == CONTRACT["enumerations"][name]


def test_types_are_declared_where_the_sdk_has_them() -> None:
    known = bindings.read(CONTRACT["services"]).inner
    assert known.keys() >= set(STRUCTURES)
    packages = [METAMODEL.package(each) for each in METAMODEL.packages]
    alone = {name for each in packages for name in (*each.structures, *each.enumerations)}
    described = {*METAMODEL.structures, *METAMODEL.enumerations} & known.keys() - WITHOUT_STRUCTURE
    assert {name for name in described if (name in alone) == known[name]} == set()


WITHOUT_STRUCTURE = {"com.vmware.vcenter.ovf.ovf_message.category"}
"""Is used here in other structures than the one that it is declared in."""


def test_every_declaration_is_in_one_place() -> None:
    """A client that reads all components knows every service, structure and enumeration, once."""
    found: list[str] = []
    for component in METAMODEL.components:
        for package in METAMODEL.component(component).packages.values():
            found += _types_in(package)
            for service in package.services.values():
                found += [service.name, *_types_in(service)]
    assert sorted(found) == sorted([*METAMODEL.services, *METAMODEL.structures, *METAMODEL.enumerations])


def _types_in(holder: Any) -> list[str]:
    inner = [name for each in holder.structures.values() for name in each.enumerations]
    return [*holder.structures, *holder.enumerations, *inner]


def test_every_type_that_is_named_is_described() -> None:
    known = {*METAMODEL.structures, *METAMODEL.enumerations}
    assert {name for each in METAMODEL.structures.values() for name in _named(each)} <= known
    assert {name for each in METAMODEL.services for name in _named(METAMODEL.service(each))} <= known


def _named(value: object) -> list[str]:
    """The types that a description names, however deep."""
    if isinstance(value, Structure):
        own = [value.resource_id] if hasattr(value, "resource_id") else []
        own += [value.structure_id] if isinstance(value, ErrorInfo) else []
        return own + [name for each in value.__struct_fields__ for name in _named(getattr(value, each))]
    if isinstance(value, dict):
        return [name for each in value.values() for name in _named(each)]
    return [name for each in value for name in _named(each)] if isinstance(value, list) else []


async def test_the_metamodel_is_read_by_each_way(app: Whole) -> None:
    path = f"{PATH}/metamodel"
    service = (await app.send("GET", f"{path}/service/com.vmware.content.library")).json()
    assert service["documentation"]
    create = (await app.send("GET", f"{path}/service/com.vmware.content.library/operation/find")).json()
    assert service["operations"]["find"] == create
    assert create["metadata"]["POST"]["elements"]["params"] == {"type": "STRING_LIST", "list_value": ["action=find"]}
    component = (await app.send("GET", f"{path}/component/com.vmware.content")).json()
    package = (await app.send("GET", f"{path}/package/com.vmware.content")).json()
    assert component["info"]["packages"]["com.vmware.content"] == package
    assert package["services"]["com.vmware.content.library"] == service
    structure = (await app.send("GET", f"{path}/structure/com.vmware.content.library_model")).json()
    assert package["structures"]["com.vmware.content.library_model"] == structure
    kind = (await app.send("GET", f"{path}/enumeration/com.vmware.content.library_model.library_type")).json()
    assert structure["enumerations"][kind["name"]] == kind
    fingerprint = (await app.send("GET", f"{path}/component/com.vmware.content/fingerprint")).json()
    assert (component["fingerprint"], len(fingerprint)) == (fingerprint, 64)
    for name in ("service", "structure", "enumeration", "package", "component"):
        listed = (await app.send("GET", f"{path}/{name}")).json()
        assert listed == sorted(set(listed))


async def test_errors_are_structures_of_their_own_kind(app: Whole) -> None:
    name = "com.vmware.vapi.std.errors.not_found"
    found = (await app.send("GET", f"{PATH}/metamodel/structure/{name}")).json()
    assert (found["type"], [each["name"] for each in found["fields"]]) == ("ERROR", ["messages", "data", "error_type"])
    kind = (await app.send("GET", f"{PATH}/metamodel/enumeration/com.vmware.vapi.std.errors.error.type")).json()
    assert "NOT_FOUND" in [each["value"] for each in kind["values"]]


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("service/x", "service 'x' does not exist"),
        ("service/com.vmware.content.library/operation/x", "service com.vmware.content.library has no operation 'x'"),
        ("package/x", "package 'x' does not exist"),
        ("component/x", "component 'x' does not exist"),
        ("component/x/fingerprint", "component 'x' does not exist"),
        ("structure/com.vmware.content.library", "structure 'com.vmware.content.library' does not exist"),
        ("enumeration/x", "enumeration 'x' does not exist"),
    ],
)
async def test_what_is_not_declared_is_not_described(app: Whole, target: str, text: str) -> None:
    assert told(await app.send("GET", f"{PATH}/metamodel/{target}")) == (404, "NOT_FOUND", text)


# commands


def test_every_operation_is_a_command_of_its_own() -> None:
    found = [COMMANDS.command(each) for each in COMMANDS.identities(None)]
    assert len({(each.identity.path, each.identity.name) for each in found}) == len(found)
    every = {f"{service}.{name}" for service in CATALOGUE.all() for name in CATALOGUE.operations(service)}
    assert {f"{each.service_id}.{each.operation_id}" for each in found} == every
    for each in found:
        assert len({option.long_option for option in each.options}) == len(each.options), each.identity


def test_every_namespace_is_reached_from_the_top() -> None:
    listed = COMMANDS.namespaces()
    waiting = [each for each in listed if not each.path]
    reached = []
    while waiting:
        each = waiting.pop()
        reached.append((each.path, each.name))
        waiting += COMMANDS.namespace(each).children
    assert sorted(reached) == sorted((each.path, each.name) for each in listed)


async def test_a_command_is_described_with_an_option_for_each_field(app: Whole) -> None:
    path = f"{PATH}/cli/command"
    listed = (await app.send("GET", f"{path}?path=com.vmware.content.locallibrary")).json()
    identity = {"path": "com.vmware.content.locallibrary", "name": "create"}
    assert identity in listed
    info = (await app.send("POST", f"{path}?action=get", {"identity": identity})).json()
    assert (info["service_id"], info["operation_id"]) == ("com.vmware.content.local_library", "create")
    options = {each["field_name"]: (each["long_option"], each["type"], each["generic"]) for each in info["options"]}
    assert options["create_spec.name"] == ("name", "string", "OPTIONAL")
    assert options["create_spec.storage_backings"][2] == "OPTIONAL_LIST"
    assert options["create_spec.publish_info.published"][0] == "published"
    members = {"path": "com.vmware.content.library.item", "name": "list"}
    info = (await app.send("POST", f"{path}?action=get", {"identity": members})).json()
    required = {"long_option": "library-id", "field_name": "library_id", "description": "", "type": "id", "generic": "NONE"}
    assert (info["options"], info["formatter"]) == ([required], "SIMPLE")


async def test_commands_and_namespaces_that_are_not_there_are_not_found(app: Whole) -> None:
    nothing = {"identity": {"path": "com.vmware", "name": "nothing"}}
    command = await app.send("POST", f"{PATH}/cli/command?action=get", nothing)
    assert told(command) == (404, "NOT_FOUND", "command 'com.vmware nothing' does not exist")
    for answer in (
        await app.send("POST", f"{PATH}/cli/namespace?action=get", nothing),
        await app.send("GET", f"{PATH}/cli/command?path=com.vmware.nothing"),
    ):
        assert told(answer) == (404, "NOT_FOUND", "namespace 'com.vmware.nothing' does not exist")
