"""Recognizes file formats by their first bytes, independent of the file name.

Rejects content that was uploaded by mistake (a form, base64 text, a web page) and names the right way. Keeps files that do not
match their name, with a warning.
"""

from __future__ import annotations

import base64
import re
import tarfile
import zlib

from contentlib.library.errors import Fault
from contentlib.library.packages import messages

ENOUGH = 1 << 16
"""So many bytes of its beginning tell what a file is: an ISO image is known by its second 32 KiB, also as base64."""

TAR, ISO, VMDK, OVF, HTML, FORM = "tar", "iso", "vmdk", "ovf", "html", "form"
PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip"}
_SIGNATURES = (
    (0x8001, b"CD001", ISO),
    (0x8001, b"BEA01", ISO),
    (0, b"KDMV", VMDK),
    (0, b"# Disk DescriptorFile", VMDK),
    (0, b"COWD", VMDK),
    (0, b"QFI\xfb", "qcow2"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vhd"),
    *((0, signature, kind) for signature, kind in PACKED.items()),
)
_LABELS = {
    TAR: "a tar archive",
    ISO: "an ISO image",
    OVF: "an OVF descriptor",
    HTML: "a web page (HTML)",
    FORM: "a multipart form",
    **{kind: f"{kind} data" for kind in PACKED.values()},
}
_NAMED = ((".ova", TAR, "an OVA (a tar archive with an OVF descriptor)"), (".iso", ISO, "an ISO image"))
_HTML = re.compile(
    rb"(?:<\?xml[^>]{0,200}>|<!--(?:[^-]|-(?!->)){0,1000}-->|\s){0,20}(?:<!doctype\s+html|<html[\s>]|<head[\s>])", re.I
)
_FORM = re.compile(
    rb"--[^\r\n]{1,72}\r\n(?:[A-Za-z-]+:[^\r\n]{0,1000}\r\n){0,5}?content-disposition:\s*form-data", re.IGNORECASE
)
_OVF = re.compile(rb"<(?:[A-Za-z0-9_.-]{1,40}:)?Envelope[\s>]")
_OVF_SCHEMA = re.compile(rb"schemas\.dmtf\.org/ovf|vmware\.com/schema/ovf|schemas/ovf")
_BASE64 = re.compile(rb"\s*(?:data:[^,]{0,100};base64,)?(?P<text>[A-Za-z0-9+/\r\n]+={0,2}\s*)\Z")
_SHORTEST = 60  # letters of base64 text that are worth to be looked into
_BINARY = re.compile(
    r"\.(?:ova|ovf|iso|img|raw|bin|flp|vmdk|vhdx?|vdi|qcow2?|mf|cert|nvram|gz|xz|bz2|zip|tar|tgz|7z)\Z", re.IGNORECASE
)
_TEXT = re.compile(r"\.(?:txt|b64|base64|pem|asc|eml|md)\Z", re.IGNORECASE)


def format_of(start: bytes) -> str | None:
    """Returns the format of a file by its first bytes, or None if it is unknown."""
    for offset, signature, kind in _SIGNATURES:
        if start[offset : offset + len(signature)] == signature:
            return kind
    if is_tar(start):
        return TAR
    if _FORM.match(start):
        return FORM
    text = start[:8192].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    if _HTML.match(text.lstrip()):
        return HTML
    return OVF if text.lstrip().startswith(b"<") and _OVF.search(text) and _OVF_SCHEMA.search(text) else None


def is_tar(start: bytes) -> bool:
    """Whether a file begins with the header of a tar archive."""
    try:
        return bool(tarfile.TarInfo.frombuf(start[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape").name)
    except tarfile.HeaderError:
        return False


def label(start: bytes) -> str | None:
    """Returns the name of a file's format for messages."""
    kind = format_of(start)
    return None if kind is None else _LABELS.get(kind, f"a {kind.upper()} disk image")


def mistaken(name: str, start: bytes) -> Fault | None:
    """Returns the error for content that was uploaded by mistake, such as an encoded form of the file."""
    kind = format_of(start)
    if kind == FORM:
        return messages.SENT_AS_FORM(name=name)
    if kind == HTML and _BINARY.search(name):
        return messages.WEB_PAGE(name=name)
    if kind is None and not _TEXT.search(name) and (inner := _encoded(start)) is not None:
        return messages.BASE64(name=name, kind=inner)
    return None


def doubtful(name: str, start: bytes) -> Fault | None:
    """Returns a warning about a file that does not match its name."""
    found, lower = format_of(start), name.lower()
    what = label(start) or "unknown content"
    for end, expected, wanted in (
        (".ova", TAR, "an OVA (a tar archive with an OVF descriptor)"),
        (".iso", ISO, "an ISO image"),
    ):
        # an image may be of a kind that is not known here, an OVA not
        if lower.endswith(end) and found != expected and (found is not None or expected == TAR):
            return messages.NOT_AS_NAMED(name=name, expected=wanted, kind=what)
    if found == OVF and not lower.endswith(".ovf"):
        return messages.UNNAMED_DESCRIPTOR(name=name)
    if found == HTML and "." not in name:
        return messages.UNNAMED_WEB_PAGE(name=name)
    return None


def _encoded(start: bytes) -> str | None:
    """Returns the format inside base64 text, if it is known."""
    found = _BASE64.match(start[:ENOUGH])
    if found is None or len(found["text"]) < _SHORTEST:
        return None
    letters = found["text"].translate(None, b"\r\n \t=")
    inner = base64.b64decode(letters[: len(letters) // 4 * 4])
    kind = format_of(inner)
    if kind in PACKED.values() and not _unpacks(inner, kind):
        return None
    return label(inner)


def _unpacks(data: bytes, kind: str | None) -> bool:
    """Whether data is really compressed; base64 text can start with the same two bytes by chance."""
    if kind != "gzip":
        return True
    try:
        zlib.decompressobj(wbits=31).decompress(data, 1024)
    except zlib.error:
        return False
    return True
