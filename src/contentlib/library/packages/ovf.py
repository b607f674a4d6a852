"""Reads OVF descriptors and manifests.

Supports OVF 0.9, 1.x and 2.x. Elements are matched by local name, because the namespaces differ only in the version. In OVF 0.9
every section is a `Section`, distinguished by its type attribute.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Container, Iterable, Iterator

import msgspec
from lxml import etree

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import Fault
from contentlib.library.packages import messages, recognition
from contentlib.safe_xml import UnsafeXml, local, parse

DESCRIPTOR = ".ovf"
MANIFEST = ".mf"
CERTIFICATE = ".cert"
ARCHIVE = ".ova"
LARGEST_DESCRIPTOR = 16 * 1024 * 1024
LARGEST_MANIFEST = 4 * 1024 * 1024
TYPE = "ovf"
_HERE = "./"
_COMPANION = "._"
_MOST = 10_000  # files of a package, each piece counted

_LINE = re.compile(r"\s*(?P<algorithm>[A-Za-z0-9-]+)\s*\((?P<name>.+)\)\s*=\s*(?P<digits>[0-9A-Fa-f]+)\s*\Z")
_SHA = re.compile("SHA-?(2-)?")  # OpenSSL 3 writes SHA2-256
_ALGORITHMS = {"SHA1": Algorithm.SHA1, "SHA256": Algorithm.SHA256, "SHA512": Algorithm.SHA512}
_DIGITS = {Algorithm.SHA1: 40, Algorithm.SHA256: 64, Algorithm.SHA512: 128}
_SECTIONS = (
    "References",
    "DiskSection",
    "SharedDiskSection",
    "NetworkSection",
    "EulaSection",
    "DeploymentOptionSection",
    "ProductSection",
    "VirtualSystem",
)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class BadPackage(Exception):
    """A descriptor or manifest that cannot be read. The fault has the position and the cause."""

    def __init__(self, name: str, fault: Fault) -> None:
        super().__init__(fault.text)
        self.name = name
        self.fault = fault
        super().__init__(self.fault.text)


class Referenced(msgspec.Struct, frozen=True):
    """A file that a descriptor references. `size` is in bytes, if given; `chunk` is set if the file is split."""

    href: str
    size: int | None = None
    chunk: int | None = None

    def count(self) -> int | None:
        """Number of files: the number of chunks, or None if its size does not determine it."""
        if self.chunk is None:
            return 1
        return None if self.size is None else max(1, -(-self.size // self.chunk))

    def names(self, there: Container[str] = ()) -> list[str]:
        """Returns the names of the file or of its chunks, as DSP0243 numbers them.

        If its size does not determine their number: the consecutive ones in `there`, at least one.
        """
        if self.chunk is None:
            return [self.href]
        count = self.count() or next(number for number in itertools.count(1) if self._piece(number) not in there)
        return [self._piece(number) for number in range(count)]

    def _piece(self, number: int) -> str:
        return f"{self.href}.{number:09d}"


class Disk(msgspec.Struct, frozen=True):
    """A disk of a package, and the id of the file that it is in; an empty disk is in none."""

    id: str
    file: str | None = None


class Descriptor(msgspec.Struct, frozen=True):
    """The content of a descriptor. `lost` are the disks in files that are not referenced."""

    references: tuple[Referenced, ...]
    systems: tuple[str, ...]
    disks: tuple[Disk, ...]
    networks: tuple[str, ...]
    eulas: int
    configurations: tuple[str, ...]
    properties: tuple[str, ...]
    collection: bool
    lost: tuple[Disk, ...] = ()


def is_descriptor(name: str) -> bool:
    """Whether a file is an OVF descriptor, by its name."""
    return _ends(name, DESCRIPTOR)


def is_archive(name: str) -> bool:
    """Whether a file is an OVA, by its name."""
    return _ends(name, ARCHIVE)


def is_manifest(name: str) -> bool:
    """Whether a file is a manifest, by its name."""
    return _ends(name, MANIFEST)


def is_certificate(name: str) -> bool:
    """Whether a file is the certificate of a manifest, by its name."""
    return _ends(name, CERTIFICATE)


def is_companion(name: str) -> bool:
    """Whether macOS wrote the file beside another one, whose name follows `._`."""
    return name.startswith(_COMPANION)


def _ends(name: str, end: str) -> bool:
    return name.lower().endswith(end) and not is_companion(name)


def read_descriptor(name: str, text: bytes) -> Descriptor:
    """The descriptor; BadPackage, with line and column, where it cannot be read."""
    try:
        root = parse(text)
    except UnsafeXml as error:
        raise BadPackage(name, _why(name, text, error)) from error
    if local(root) != "Envelope":
        raise BadPackage(name, messages.WRONG_ROOT(name=name, root=local(root)))
    sections = _sections(root)
    ids = {_attribute(file, "id") for file in _in(sections["References"], "File")}
    disks = tuple(
        Disk(_attribute(each, "diskId") or "", _attribute(each, "fileRef"))
        for each in _in(sections["DiskSection"] + sections["SharedDiskSection"], "Disk", "SharedDisk")
    )
    return Descriptor(
        references=tuple(_references(name, sections["References"])),
        systems=_named("id", sections["VirtualSystem"]),
        disks=disks,
        networks=_named("name", _in(sections["NetworkSection"], "Network")),
        eulas=len(sections["EulaSection"]),
        configurations=_named("id", _in(sections["DeploymentOptionSection"], "Configuration")),
        properties=_named("key", _in(sections["ProductSection"], "Property")),
        collection=any(_kind(each) == "VirtualSystemCollection" for each in root),
        lost=tuple(disk for disk in disks if disk.file and disk.file not in ids),
    )


def _why(name: str, text: bytes, error: UnsafeXml) -> Fault:
    found = recognition.label(text[: recognition.ENOUGH])
    if found is None or recognition.format_of(text[: recognition.ENOUGH]) == recognition.OVF:
        return messages.NOT_A_DESCRIPTOR(name=name, problem=str(error))
    return messages.OTHER_THAN_DESCRIPTOR(name=name, kind=found)


def _sections(root: etree._Element) -> dict[str, list[etree._Element]]:
    """The elements of each kind that matters, in their order; references only those of the package itself."""
    found: dict[str, list[etree._Element]] = {kind: [] for kind in _SECTIONS}
    for element in root.iter():
        kind = _kind(element)
        if kind in found and (kind != "References" or element.getparent() is root):
            found[kind].append(element)
    return found


def _kind(element: etree._Element) -> str:
    name = local(element)
    if name not in ("Section", "Content"):
        return name
    return (_attribute(element, "type") or name).rpartition(":")[2].removesuffix("_Type")


def _in(sections: Iterable[etree._Element], *names: str) -> list[etree._Element]:
    return [each for section in sections for each in section if local(each) in names]


def _named(attribute: str, elements: Iterable[etree._Element]) -> tuple[str, ...]:
    return tuple(_attribute(each, attribute) or "" for each in elements)


def _references(name: str, sections: Iterable[etree._Element]) -> Iterator[Referenced]:
    count = 0
    for section in sections:
        for file in section:
            href = _attribute(file, "href")
            if local(file) != "File" or href is None:
                raise BadPackage(name, messages.REFERENCE_WITHOUT_FILE(name=name, line=str(file.sourceline)))
            if not _URL.match(href):  # a file at another location is not part of the package
                found = Referenced(href.removeprefix(_HERE), _size(name, file, "size"), _size(name, file, "chunkSize"))
                count += found.count() or 1
                if count > _MOST:
                    many = messages.TOO_MANY_REFERENCES(name=name, most=_MOST, line=str(file.sourceline))
                    raise BadPackage(name, many)
                yield found


def _size(name: str, file: etree._Element, attribute: str) -> int | None:
    text = _attribute(file, attribute)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and (int(text) or attribute == "size")):
        line = str(file.sourceline)
        raise BadPackage(name, messages.BAD_SIZE(name=name, attribute=attribute, given=text[:40], line=line))
    return int(text)


def _attribute(element: etree._Element, name: str) -> str | None:
    """An attribute, in the descriptor's namespace or in none."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def read_manifest(name: str, text: bytes) -> dict[str, Checksum]:
    """The checksums of a manifest by file name, in both spellings of its lines (`SHA256(a)= 0…`, `SHA256 (a) = 0…`)."""
    found: dict[str, Checksum] = {}
    for number, line in enumerate(decoded_text(text).splitlines(), 1):
        if not line.strip():
            continue
        file, checksum = _line(name, number, line)
        found[file] = checksum
        if len(found) > _MOST:
            raise BadPackage(name, messages.MANIFEST_TOO_LONG(name=name, most=_MOST, line=number))
    return found


def _line(name: str, number: int, line: str) -> tuple[str, Checksum]:
    match = _LINE.match(line)
    if match is None:
        raise BadPackage(name, messages.NOT_A_MANIFEST(name=name, line=number, given=line[:100]))
    algorithm = _ALGORITHMS.get(_SHA.sub("SHA", match["algorithm"].upper()))
    if algorithm is None:
        given = match["algorithm"][:40]
        raise BadPackage(name, messages.UNKNOWN_ALGORITHM(name=name, given=given, line=number, supported=_ALGORITHMS))
    if len(match["digits"]) != _DIGITS[algorithm]:
        count, expected = len(match["digits"]), _DIGITS[algorithm]
        wrong = messages.WRONG_DIGITS(name=name, algorithm=algorithm, count=count, line=number, expected=expected)
        raise BadPackage(name, wrong)
    return match["name"].removeprefix(_HERE), Checksum(algorithm, match["digits"].lower())


def decoded_text(text: bytes) -> str:
    """Decodes a manifest or certificate file. Windows writes UTF-16 with a byte order mark, or older encodings."""
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return text.decode("utf-16", "replace")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")
