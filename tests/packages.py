"""OVF packages and OVAs, made by the tests as they need them."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping

_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="{namespace}" xmlns:ovf="{namespace}">
  <References>{references}</References>
  <DiskSection><Info>disks</Info><Disk ovf:capacity="1" ovf:diskId="d1"{file}/></DiskSection>
  <NetworkSection><Info>networks</Info><Network ovf:name="VM Network"/></NetworkSection>
  <VirtualSystem ovf:id="tiny"><Info>a machine</Info></VirtualSystem>
</Envelope>
"""
NAMESPACE = "http://schemas.dmtf.org/ovf/envelope/1"


def descriptor(disks: Mapping[str, bytes | int | None], namespace: str = NAMESPACE) -> bytes:
    """A descriptor that references disks by name, with the size of their bytes, another size, or none."""
    references = ""
    for n, (name, disk) in enumerate(disks.items(), 1):
        size = len(disk) if isinstance(disk, bytes) else disk
        attribute = "" if size is None else f' ovf:size="{size}"'
        references += f'<File ovf:href="{name}" ovf:id="f{n}"{attribute}/>'
    return _ENVELOPE.format(namespace=namespace, references=references, file=' ovf:fileRef="f1"' if disks else "").encode()


def manifest(files: Mapping[str, bytes], algorithm: str = "SHA256", form: str = "{algorithm}({name})= {digits}\n") -> bytes:
    """A manifest of files."""
    lines = (
        form.format(algorithm=algorithm, name=name, digits=hashlib.new(algorithm, content).hexdigest())
        for name, content in files.items()
    )
    return "".join(lines).encode()


def package(disk: bytes = b"disk " * 1000, algorithm: str = "SHA256") -> dict[str, bytes]:
    """The files of a package with one disk and a manifest, in the order in which an OVA holds them."""
    files = {"tiny.ovf": descriptor({"disk1.vmdk": disk}), "disk1.vmdk": disk}
    return {"tiny.ovf": files["tiny.ovf"], "tiny.mf": manifest(files, algorithm), "disk1.vmdk": disk}


def archive(files: Mapping[str, bytes] | Iterable[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.USTAR_FORMAT) -> bytes:
    """A tar of files, or of entries as they are given."""
    entries = [(_entry(name, content), content) for name, content in files.items()] if isinstance(files, Mapping) else files
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _entry(name: str, content: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    return entry
