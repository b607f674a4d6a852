"""Reads the parts of a descriptor that a deployment needs: names, licenses, networks, choices, properties, sizes.

Elements are known by their local names, as the other readers of descriptors do it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec
from lxml import etree

from contentlib.library.packages import messages
from contentlib.library.packages.ovf import BadPackage
from contentlib.safe_xml import UnsafeXml, local, parse

_BYTE_UNITS = re.compile(r"byte(?:\s*\*\s*2\s*\^\s*(\d{1,2}))?\Z")
_SHORT_UNITS = {"": 0, "kilobytes": 10, "kb": 10, "megabytes": 20, "mb": 20, "gigabytes": 30, "gb": 30}
_NUMBER = re.compile(r"\d{1,18}\Z", re.ASCII)
_MOST_BYTES = 2**63 - 1
_SYSTEMS = ("VirtualSystem", "VirtualSystemCollection", "Content")
_KNOWN = {
    "AnnotationSection",
    "BootOrderSection",
    "DeploymentOptionSection",
    "DiskSection",
    "EulaSection",
    "InstallSection",
    "IpAssignmentSection",
    "NetworkSection",
    "OperatingSystemSection",
    "ProductSection",
    "ResourceAllocationSection",
    "SharedDiskSection",
    "StartupSection",
    "StorageGroupSection",
    "StorageSection",
    "VirtualHardwareSection",
    "vServiceDependencySection",
}


class Choice(msgspec.Struct, frozen=True):
    """A configuration that a deployment can choose."""

    id: str
    label: str
    description: str
    default: bool


class Property(msgspec.Struct, frozen=True):
    """A property of a product; `category` is set on the first one of a category."""

    product: str
    instance: str
    key: str
    type: str
    value: str
    label: str
    description: str | None = None
    category: str | None = None
    optional: bool | None = None


class ExtraSetting(msgspec.Struct, frozen=True):
    """A setting of a virtual machine that is VMware's own."""

    key: str
    value: str
    system: str


class Addressing(msgspec.Struct, frozen=True):
    """How a package can be given IP addresses, as the descriptor writes it: `dhcp`, `ovfenv`; `IPv4`, `IPv6`."""

    schemes: tuple[str, ...]
    protocols: tuple[str, ...]


class Sizes(msgspec.Struct, frozen=True):
    """Bytes of the download, and of a deployment with full and with sparse disks; None if unknown."""

    download: int | None
    full: int | None
    sparse: int | None
    variable: bool


class OtherSection(msgspec.Struct, frozen=True):
    """A section of another kind, which a deployment may leave out."""

    tag: str
    info: str


class Deployment(msgspec.Struct, frozen=True):
    """The parts of a descriptor that a deployment needs."""

    name: str | None
    annotation: str | None
    eulas: tuple[str, ...]
    networks: tuple[str, ...]
    storage_groups: tuple[str, ...]
    choices: tuple[Choice, ...]
    properties: tuple[Property, ...]
    settings: tuple[ExtraSetting, ...]
    addressing: Addressing | None
    sizes: Sizes
    others: tuple[OtherSection, ...]


def read_deployment(name: str, text: bytes) -> Deployment:
    """Parses a descriptor. Raises BadPackage if it cannot be read."""
    try:
        root = parse(text)
    except UnsafeXml as error:
        raise BadPackage(name, messages.NOT_A_DESCRIPTOR(name=name, problem=str(error))) from error
    if local(root) != "Envelope":
        raise BadPackage(name, messages.WRONG_ROOT(name=name, root=local(root)))
    return _DescriptorReader(root).deployment()


class _DescriptorReader:
    """Reads a descriptor, with the texts of its own message bundles."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._sections: dict[str, list[etree._Element]] = {}
        for element in root.iter(etree.Element):
            self._sections.setdefault(_kind(element), []).append(element)
        messages = (each for each in self._sections.get("Msg", ()) if _attribute(each, "msgid"))
        self._messages: dict[str, str] = {}
        for each in messages:
            self._messages.setdefault(_attribute(each, "msgid"), (each.text or "").strip())

    def deployment(self) -> Deployment:
        """All of it."""
        system = next((each for each in self._root if isinstance(each.tag, str) and local(each) in _SYSTEMS), None)
        return Deployment(
            name=None if system is None else self._text(system, "Name") or _attribute(system, "id") or None,
            annotation=None if system is None else self._annotation(system),
            eulas=tuple(text for each in self._all("EulaSection") if (text := self._text(each, "License"))),
            networks=_attributes("name", self._in("NetworkSection", "Network")),
            storage_groups=_attributes("id", self._all("StorageGroupSection")),
            choices=tuple(self._choices()),
            properties=tuple(self._properties()),
            settings=tuple(self._settings()),
            addressing=self._addressing(),
            sizes=self._sizes(),
            others=tuple(self._others()),
        )

    def _all(self, kind: str) -> list[etree._Element]:
        return self._sections.get(kind, [])

    def _in(self, kind: str, name: str) -> Iterator[etree._Element]:
        return (each for section in self._all(kind) for each in _children(section, name))

    def _text(self, element: etree._Element, name: str) -> str:
        """The text of the first child of a name, from the message bundles where it is only named."""
        child = next(_children(element, name), None)
        return "" if child is None else self._said(child)

    def _said(self, element: etree._Element) -> str:
        return (element.text or "").strip() or self._messages.get(_attribute(element, "msgid"), "")

    def _annotation(self, system: etree._Element) -> str | None:
        section = next((each for each in system if isinstance(each.tag, str) and _kind(each) == "AnnotationSection"), None)
        return None if section is None else self._text(section, "Annotation") or None

    def _choices(self) -> Iterator[Choice]:
        for each in self._in("DeploymentOptionSection", "Configuration"):
            default = _attribute(each, "default") in ("true", "1")
            yield Choice(_attribute(each, "id"), self._text(each, "Label"), self._text(each, "Description"), default)

    def _properties(self) -> Iterator[Property]:
        for section in self._all("ProductSection"):
            category: etree._Element | None = None
            for child in section.iterchildren(etree.Element):
                if local(child) == "Category":
                    category = child
                elif local(child) == "Property":
                    yield self._property(section, child, category)
                    category = None

    def _property(self, section: etree._Element, element: etree._Element, category: etree._Element | None) -> Property:
        given = next(_children(element, "Value"), None)
        value = _attribute(element, "value") or (_attribute(given, "value") if given is not None else "")
        return Property(
            product=_attribute(section, "class"),
            instance=_attribute(section, "instance"),
            key=_attribute(element, "key"),
            type=_attribute(element, "type"),
            value=value or _attribute(element, "defaultValue"),
            label=self._text(element, "Label"),
            description=self._text(element, "Description") or None,
            category=None if category is None else self._said(category) or None,
            optional=None if category is None else _attribute(category, "uioptional") in ("true", "1") or None,
        )

    def _settings(self) -> Iterator[ExtraSetting]:
        for each in self._all("ExtraConfig"):
            system = next((above for above in each.iterancestors() if local(above) == "VirtualSystem"), None)
            owner = "" if system is None else _attribute(system, "id")
            yield ExtraSetting(_attribute(each, "key"), _attribute(each, "value"), owner)

    def _addressing(self) -> Addressing | None:
        section = next(iter(self._all("IpAssignmentSection")), None)
        if section is None:
            return None
        words = (re.split(r"[\s,]+", _attribute(section, name).strip(" ,")) for name in ("schemes", "protocols"))
        schemes, protocols = (tuple(dict.fromkeys(filter(None, each))) for each in words)
        return Addressing(schemes, protocols)

    def _sizes(self) -> Sizes:
        files = [_number(_attribute(each, "size")) for each in self._in("References", "File")]
        disks = [*self._in("DiskSection", "Disk"), *self._in("SharedDiskSection", "SharedDisk")]
        full = [_capacity(each) for each in disks]
        sparse = [_number(_attribute(each, "populatedSize")) for each in disks]
        variable = any(_attribute(each, "capacity").startswith("${") for each in disks)
        return Sizes(_sum(files), _sum(full), _sum(sparse), variable)

    def _others(self) -> Iterator[OtherSection]:
        for kind, elements in self._sections.items():
            if kind.endswith("Section") and kind not in _KNOWN:
                for each in elements:
                    yield OtherSection(str(each.tag), self._text(each, "Info"))


def _kind(element: etree._Element) -> str:
    """The name of an element; in OVF 0.9 the type of a section says of what it is one."""
    name = local(element)
    if name != "Section":
        return name
    return (_attribute(element, "type") or name).rpartition(":")[2].removesuffix("_Type")


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (each for each in element.iterchildren(etree.Element) if local(each) == name)


def _attribute(element: etree._Element, name: str) -> str:
    """An attribute in any namespace, or in none; empty where it is not there."""
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), "")


def _attributes(name: str, elements: Iterable[etree._Element]) -> tuple[str, ...]:
    return tuple(found for each in elements if (found := _attribute(each, name)))


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.match(text) else None


def _capacity(disk: etree._Element) -> int | None:
    """The bytes of a disk; None where the descriptor leaves them to a property, or writes them in a way of its own."""
    number, units = _number(_attribute(disk, "capacity")), _attribute(disk, "capacityAllocationUnits").strip().lower()
    match = _BYTE_UNITS.match(units)
    power = int(match[1] or 0) if match else _SHORT_UNITS.get(units)
    return None if number is None or power is None else number << power


def _sum(sizes: list[int | None]) -> int | None:
    """The sum, where all are known."""
    known = [size for size in sizes if size is not None]
    return min(sum(known), _MOST_BYTES) if known and len(known) == len(sizes) else None
