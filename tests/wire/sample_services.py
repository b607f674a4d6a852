"""Services that the room's tests speak to: an operation for each kind of value, errors by name, and boxes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from contentlib.messages import Fault
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import (
    ERRORS,
    AlreadyExists,
    NotFound,
    ResourceBusy,
    Unauthenticated,
    VapiError,
)
from contentlib.vapi.registry import Call, Registry
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Secret, Structure, Uri, enumeration

VALUES = "com.vmware.sample.value_kind"
BOXES = "com.vmware.sample.box"
LABELS = "com.vmware.sample.box.label"


@enumeration("com.vmware.sample.color")
class Color(Enumeration):
    """A color."""

    RED = "RED"
    DARK_BLUE = "DARK_BLUE"


class Point(Structure):
    """A place on a plane."""

    vapi_name: ClassVar[str] = "com.vmware.sample.point"
    x: Integer
    label: str | None = None


class Line(Structure):
    """Two points, and those between them."""

    vapi_name: ClassVar[str] = "com.vmware.sample.line"
    start: Point
    between: list[Point] | None = None
    named: dict[str, Point] | None = None


class Tree(Structure):
    """A structure that holds itself."""

    vapi_name: ClassVar[str] = "com.vmware.sample.tree"
    name: str
    below: Tree | None = None


class LabelFilter(Structure):
    """Which labels to list."""

    vapi_name: ClassVar[str] = "com.vmware.sample.box.label_filter"
    x: Integer | None = None
    label: str | None = None
    colors: set[Color] | None = None
    corner: Point | None = None


class BoxModel(Structure):
    """A box, with a field of every kind of value."""

    vapi_name: ClassVar[str] = "com.vmware.sample.box_model"
    id: Id | None = None
    name: str | None = None
    home: Uri | None = None
    password: Secret | None = None
    size: Integer | None = None
    weight: float | None = None
    sealed: bool | None = None
    made: DateTime | None = None
    picture: bytes | None = None
    color: Color | None = None
    corner: Point | None = None
    edge: Line | None = None
    tree: Tree | None = None
    words: list[str] | None = None
    edges: list[Line] | None = None
    colors: set[Color] | None = None
    prices: dict[Color, Integer] | None = None
    points: dict[str, Point] | None = None
    rules: list[dict[Color, str]] | None = None


KINDS: dict[str, Any] = {
    "string": str,
    "id": Id,
    "uri": Uri,
    "secret": Secret,
    "integer": Integer,
    "double": float,
    "boolean": bool,
    "datetime": DateTime,
    "binary": bytes,
    "enumeration": Color,
    "structure": Point,
    "nested": Line,
    "list": list[str],
    "structure_list": list[Point],
    "set": set[Color],
    "map": dict[str, Point],
    "enumeration_map": dict[Color, Integer],
    "map_list": list[dict[Color, str]],
    "optional": str | None,
    "optional_list": list[Integer] | None,
    "everything": BoxModel,
}


def _echo(kind: str) -> Callable[..., Awaitable[Any]]:
    async def echo(self: Service, call: Call, value: Any) -> Any:
        return value

    echo.__annotations__ = {"value": KINDS[kind], "return": KINDS[kind]}
    echo.__doc__ = f"Answers a value of the kind {kind}."
    return operation(Route("POST", "/api/sample/value-kind", {"action": kind.replace("_", "-")}))(echo)


class ValueKinds(Service):
    """Answers what it is given, an operation a kind of value."""

    vapi_id = VALUES

    @operation(Route("POST", "/api/sample/value-kind", {"action": "void"}))
    async def void(self, call: Call) -> None:
        """Answers nothing."""

    @operation(Route("POST", "/api/sample/value-kind", {"action": "fail"}), errors=tuple(ERRORS.values()))
    async def fail(self, call: Call, name: str) -> str:
        """Raises the error of a name."""
        raise ERRORS.get(name, NotFound)(Fault(f"sample.{name}", f"the box 7 says {name}", ("7", name)))

    @operation(Route("POST", "/api/sample/value-kind", {"action": "betray"}), errors=(NotFound,))
    async def betray(self, call: Call) -> None:
        """Raises an error that it does not declare."""
        raise AlreadyExists(Fault("sample.secret", "the password is tr0ub4dor"))

    @operation(Route("POST", "/api/sample/value-kind", {"action": "break"}))
    async def break_(self, call: Call) -> None:
        """Fails for a reason that nobody foresaw."""
        raise ZeroDivisionError("the password is tr0ub4dor")

    @operation(Route("POST", "/api/sample/value-kind", {"action": "lie"}))
    async def lie(self, call: Call) -> Point:
        """Answers something else than it declares."""
        return object()  # type: ignore[return-value]  # that is the point of it


for _kind in KINDS:
    setattr(ValueKinds, _kind, _echo(_kind))


class Boxes(Service):
    """Boxes; each operation answers with the arguments that reached it."""

    vapi_id = BOXES

    @operation(Route("POST", "/api/sample/box", body="create_spec", headers={"Client-Token": "client_token"}, status=201))
    async def create(self, call: Call, create_spec: BoxModel, client_token: str | None) -> Id:
        """Makes a box."""
        return f"{create_spec.name}|{client_token}"

    @operation(Route("GET", "/api/sample/box/{box_id}"), errors=(NotFound,), privileges=(Privilege("Box.Read", on="box_id"),))
    async def get(self, call: Call, box_id: Id) -> BoxModel:
        """Reads a box."""
        if box_id == "none":
            raise NotFound(Fault("sample.no_box", "there is no box none", ("none",)))
        return BoxModel(id=box_id)

    @operation(Route("GET", "/api/sample/box", {"shelf_id": None}))
    async def list_(self, call: Call, shelf_id: Id) -> list[Id]:
        """Lists the boxes of a shelf."""
        return [shelf_id]

    @operation(Route("PATCH", "/api/sample/box/{box_id}", body="update_spec"), errors=(NotFound, ResourceBusy))
    async def update(self, call: Call, box_id: Id, update_spec: BoxModel) -> None:
        """Changes a box."""

    @operation(Route("DELETE", "/api/sample/box/{box_id}"), errors=(NotFound,))
    async def delete(self, call: Call, box_id: Id) -> None:
        """Throws a box away."""

    @operation(Route("POST", "/api/sample/box/{box_id}", {"action": "force-delete"}), errors=(NotFound,))
    async def force_delete(self, call: Call, box_id: Id) -> None:
        """Throws a box away, whatever is in it."""

    @operation(Route("POST", "/api/sample/box", {"action": "find"}, body="spec"))
    async def find(self, call: Call, spec: Point) -> list[Id]:
        """Finds boxes."""
        return [str(spec.x)]

    @operation(Route("POST", "/api/sample/box/{box_id}", {"action": "publish"}))
    async def publish(self, call: Call, box_id: Id, force: bool, targets: list[Point] | None) -> str:
        """Publishes a box."""
        return f"{box_id}|{force}|{len(targets or [])}"


class Labels(Service):
    """Labels of boxes: several operations at one address, told apart by the query."""

    vapi_id = LABELS

    @operation(Route("GET", "/api/sample/box/{box_id}/label", {"name": None}), errors=(NotFound,))
    async def get(self, call: Call, box_id: Id, name: str) -> str:
        """Reads a label."""
        return f"{box_id}|{name}"

    @operation(Route("GET", "/api/sample/box/{box_id}/label"))
    async def list_(self, call: Call, box_id: Id) -> list[str]:
        """Lists the labels of a box."""
        return [box_id]

    @operation(Route("GET", "/api/sample/label"))
    async def filter_(self, call: Call, filter_spec: LabelFilter | None, words: list[str] | None) -> list[str]:
        """Lists labels by a structure that `/api` spreads over the query."""
        return [f"{filter_spec.x}|{filter_spec.label}" if filter_spec else "-", *(words or [])]

    @operation(Route("DELETE", "/api/sample/box/{box_id}/label/{name}"), errors=(NotFound,))
    async def remove(self, call: Call, box_id: Id, name: str) -> str:
        """Takes a label off."""
        return f"{box_id}|{name}"


class Sessions(Service):
    """Login sessions."""

    vapi_id = "com.vmware.cis.session"

    @operation(Route("POST", "/api/session", status=201), anonymous=True)
    async def create(self, call: Call) -> Secret:
        """Starts a session."""
        if call.credentials != ("robin", "s:cret"):
            raise Unauthenticated(Fault("sample.password", "name or password is wrong"))
        call.new_token = "t0ken"
        return "t0ken"

    @operation(Route("GET", "/api/session"))
    async def get(self, call: Call) -> str:
        """Says who calls."""
        if call.token is None:
            raise Unauthenticated(Fault("sample.session", "there is no session"))
        return call.token

    @operation(Route("DELETE", "/api/session"))
    async def delete(self, call: Call) -> None:
        """Ends the session."""


def registry(translate: Callable[[Exception, Any], VapiError | None] | None = None) -> Registry:
    """All sample services."""
    services = [ValueKinds(), Boxes(), Labels(), Sessions()]
    return Registry(services, translate) if translate else Registry(services)
