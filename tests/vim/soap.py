"""Envelopes as clients send them, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from contentlib.safe_xml import local
from whole import KNOWN_TOKEN, Whole

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
COLLECTOR = ("PropertyCollector", "propertyCollector")
ROOT = ("Folder", "group-d1")
FOLDER_TO_CHILDREN = (
    '<selectSet xsi:type="TraversalSpec"><name>down</name><type>Folder</type><path>childEntity</path>{}</selectSet>'
)

Target = tuple[str, str]


@dataclass(frozen=True)
class Heard:
    """An answer: the body's only child."""

    status: int
    body: etree._Element
    headers: Mapping[str, str]
    text: bytes

    @property
    def fault(self) -> tuple[str, str]:
        """The kind of the fault and its sentence."""
        assert (self.status, local(self.body)) == (500, "Fault"), self.text
        (detail,) = first(self.body, "detail")
        kind = detail.get("{http://www.w3.org/2001/XMLSchema-instance}type")
        assert local(detail) == f"{kind}Fault"
        return str(kind), str(self.body.findtext("faultstring"))

    def all(self, name: str) -> list[etree._Element]:
        """The elements of a name, in order."""
        assert self.status == 200, self.text
        return [each for each in self.body.iter() if local(each) == name]

    def texts(self, name: str) -> list[str]:
        """Their texts."""
        return [each.text or "" for each in self.all(name)]

    def objects(self) -> dict[Target, dict[str, str]]:
        """What a collector found: object -> property -> text."""
        return {
            (str(first(each, "obj").get("type")), str(first(each, "obj").text)): {
                str(first(one, "name").text): str(first(one, "val").text) for one in each if local(one) == "propSet"
            }
            for each in [
                *self.all("objects"),
                *(found for found in self.all("returnval") if first_of(found, "obj") is not None),
            ]
        }


def first_of(element: etree._Element, name: str) -> etree._Element | None:
    return next((each for each in element if local(each) == name), None)


def first(element: etree._Element, name: str) -> etree._Element:
    found = first_of(element, name)
    assert found is not None, name
    return found


def envelope(method: str, target: Target, arguments: str = "", space: str = "urn:vim25") -> bytes:
    """A call as govmomi writes it."""
    this = f"<_this type={quoteattr(target[0])}>{escape(target[1])}</_this>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Envelope xmlns="{SOAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<Body><{method} xmlns="{space}">{this}{arguments}</{method}></Body></Envelope>'
    ).encode()


def reference(name: str, target: Target) -> str:
    return f"<{name} type={quoteattr(target[0])}>{escape(target[1])}</{name}>"


def properties(kind: str, *paths: str) -> str:
    """A PropertySpec; all properties where no path is given."""
    what = "".join(f"<pathSet>{path}</pathSet>" for path in paths) or "<all>true</all>"
    return f"<propSet><type>{kind}</type>{what}</propSet>"


def objects(target: Target, selections: str = "", *, skip: bool | None = None) -> str:
    """An ObjectSpec."""
    skipped = "" if skip is None else f"<skip>{str(skip).lower()}</skip>"
    return f"<objectSet>{reference('obj', target)}{skipped}{selections}</objectSet>"


class Soap:
    """Calls an application."""

    def __init__(self, app: Whole) -> None:
        self.app = app
        self.token: str | None = KNOWN_TOKEN

    async def post(self, body: Any, path: str = "/sdk", **headers: str) -> Heard:
        """Sends a body as it stands."""
        cookie = {"cookie": f'vmware_soap_session="{self.token}"'} if self.token else {}
        given = {"content-type": "text/xml", "vmware-api-session-id": "", **cookie, **headers}
        answer = await self.app.client.post(path, content=body, headers=given)
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        return Heard(answer.status_code, etree.fromstring(answer.content)[0][0], answer.headers, answer.content)

    async def call(self, method: str, target: Target, arguments: str = "", path: str = "/sdk") -> Heard:
        """Calls a method."""
        return await self.post(envelope(method, target, arguments), path)

    async def collect(self, *specs: str, most: int | None = None) -> Heard:
        """RetrievePropertiesEx with filters, each the text of its parts."""
        options = f"<options><maxObjects>{most}</maxObjects></options>" if most is not None else "<options/>"
        filters = "".join(f"<specSet>{spec}</specSet>" for spec in specs)
        return await self.call("RetrievePropertiesEx", COLLECTOR, filters + options)
