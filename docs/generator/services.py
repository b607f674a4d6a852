"""The page of a service: its operations, and the structures and enumerations that they use."""

from __future__ import annotations

from contentlib.vapi.declare import Operation, Privilege, Service
from contentlib.vapi.errors import VapiError
from contentlib.vapi.types import Field, Structure, Type, fields_of
from contentlib.wire.dispatch import rest_address
from contentlib.wire.walk import part
from generator import examples
from generator.declared import STANDARD, Used, name_of, operations, used_by
from generator.markdown import anchor, code, one_line, page, table

_PREFIX = "com.vmware."
_COMMON = "Every operation can also return the errors that [need no declaration](errors.md#errors-of-every-operation)."


def file_name(service: str) -> str:
    """The name of a service's page."""
    return service.removeprefix(_PREFIX).removeprefix("cis.").removeprefix("content.").replace(".", "_") + ".md"


def text(service: type[Service]) -> str:
    """The page."""
    found = operations(service)
    own = [each for each in used_by(found) if not name_of(each).startswith(STANDARD)]
    links = [f"- [{operation.name}](#{anchor(operation.name)}): {operation.summary}" for operation in found]
    return page(
        f"# {service.vapi_id}",
        one_line(service.__doc__),
        "\n".join(links),
        _COMMON,
        *[_operation(operation, getattr(service, operation.method).__doc__) for operation in found],
        "## Structures and enumerations" if own else "",
        *[used_text(each) for each in own],
    )


def privileges(operation: Operation) -> str:
    """What a caller needs."""
    if operation.anonymous:
        return "*none*, no session needed"
    about = operation.about
    asked = [_privilege(each) for each in (*operation.privileges, *operation.also)]
    if about is not None and about.privilege is not None:
        asked.append(_privilege(Privilege(about.privilege, about.resource, about.on)))
    if about is not None and about.others is not None:
        asked.append(f"for what is another user's also {code(about.others)}")
    return ", ".join(asked) or "a session"


def used_text(used: Used, *, here: bool = False) -> str:
    """A structure with its fields, or an enumeration with its values; `here`: on the page of the standard ones."""
    heading = f"### {name_of(used).removeprefix(_PREFIX)}"
    if not issubclass(used, Structure):
        return page(heading, one_line(used.__doc__), "Values: " + ", ".join(code(value) for value in used) + ".")
    rows = [(code(field.name), type_text(field.type, here=here), _required(field)) for field in fields_of(used)]
    return page(heading, one_line(used.__doc__), table(("field", "type", "required"), rows))


def type_text(declared: Type, *, here: bool = False) -> str:
    """A type, with a link to what it names."""
    match declared.kind:
        case "optional":
            return type_text(part(declared.of), here=here)
        case "list" | "set":
            return f"{declared.kind} of {type_text(part(declared.of), here=here)}"
        case "map":
            return f"map from {type_text(part(declared.key), here=here)} to {type_text(part(declared.of), here=here)}"
        case "structure" | "enumeration":
            name = name_of(declared.python)
            there = "" if here or not name.startswith(STANDARD) else "standard.md"
            return f"[{name.removeprefix(_PREFIX)}]({there}#{anchor(name.removeprefix(_PREFIX))})"
    return "nothing" if declared.kind == "void" else declared.kind


def _operation(operation: Operation, docstring: str | None) -> str:
    method, address = rest_address(operation)
    route = operation.api
    rows = [(code(field.name), type_text(field.type), _required(field)) for field in operation.parameters]
    return page(
        f"## {operation.name}",
        one_line(docstring),
        f"- `/rest`: `{method} {address}`\n- `/api`: `{route.method} {route.path}{_dispatch(operation)}`, "
        f"status {_api_status(operation)}{_places(operation)}\n- privileges: {privileges(operation)}\n"
        f"- result: {type_text(operation.output)}{_task(operation)}",
        table(("parameter", "type", "required"), rows) if rows else "No parameters.",
        _errors(operation),
        _example(operation),
    )


def _task(operation: Operation) -> str:
    if not operation.task:
        return ""
    return f"\n- as a [task](tasks.md): with `vmw-task=true` in the query, or `{operation.name}$task` in JSON-RPC"


def _privilege(privilege: Privilege) -> str:
    return code(privilege.name) + (f" ({code(privilege.on)})" if privilege.on else "")


def _dispatch(operation: Operation) -> str:
    pairs = [name if value is None else f"{name}={value}" for name, value in operation.api.dispatch.items()]
    return "?" + "&".join(pairs) if pairs else ""


def _api_status(operation: Operation) -> str:
    status = operation.api.status
    return str(204 if status == 200 and operation.output.kind == "void" else status)


def _places(operation: Operation) -> str:
    """Where the parameters stand on `/api` that are neither in the path nor members of the body."""
    told = [f"the body is {code(operation.api.body)}"] if operation.api.body else []
    told += [f"the header {code(name)} is {code(parameter)}" for name, parameter in operation.api.headers.items()]
    return "; " + ", ".join(told) if told else ""


def _errors(operation: Operation) -> str:
    if not (*operation.errors, *operation.beside):
        return ""
    ordered = sorted((*operation.errors, *operation.beside), key=lambda error: error.name)
    return table(("error", "meaning", "`/rest`", "`/api`"), [_error_row(error) for error in ordered])


def _error_row(error: type[VapiError]) -> tuple[str, str, str, str]:
    return f"[{error.name}](errors.md#{error.name})", one_line(error.__doc__), str(error.rest_status), str(error.api_status)


def _example(operation: Operation) -> str:
    method, address, body = examples.request(operation)
    lines = [f"{method} {address} HTTP/1.1"]
    if operation.anonymous:
        lines.append("Authorization: Basic YWRtaW5pc3RyYXRvckB2c3BoZXJlLmxvY2FsOnBhc3N3b3Jk")
    else:
        lines.append("vmware-api-session-id: TOKEN")
    if body is not None:
        lines += ["Content-Type: application/json", "", body]
    return "```http\n" + "\n".join(lines) + "\n```"


def _required(field: Field) -> str:
    return "yes" if field.required else "no"
