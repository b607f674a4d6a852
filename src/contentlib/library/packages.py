"""What the files of an item have to be to one another: of an OVF package, that they are the files that it speaks of.

The descriptor's references and sizes are compared with the files that are there, and the manifest with their bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import msgspec

from contentlib.library import ovf
from contentlib.library.blobs import Blobs
from contentlib.library.checksums import Checksum
from contentlib.library.errors import Fault
from contentlib.library.model import StoredFile

_TOLD = 50  # of what is wrong, in one sentence


class Findings(msgspec.Struct, frozen=True):
    """What is wrong with a package: names of files that are not there, and faults of files that are, by name."""

    missing: tuple[str, ...] = ()
    invalid: tuple[tuple[str, Fault], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.invalid)

    def told(self) -> str:
        """All of it, in one sentence; of very much the first, and how much more there is."""
        missing = [f"file {name!r} is referenced by the descriptor and is not there; add it" for name in self.missing[:_TOLD]]
        invalid = [fault.text for _, fault in self.invalid[: _TOLD - len(missing)]]
        left = len(self.missing) + len(self.invalid) - len(missing) - len(invalid)
        return "; ".join([*missing, *invalid, *([f"and {left} more"] if left else [])])


async def examine(kind: str, files: Sequence[StoredFile], blobs: Blobs) -> Findings:
    """What is wrong with the files of an item of a type; nothing is asked of items that are no OVF packages."""
    descriptors = [file for file in files if ovf.is_descriptor(file.name)]
    if kind.lower() != ovf.TYPE and (kind or not descriptors):
        return Findings()
    if len(descriptors) != 1:
        return _not_one(descriptors)
    try:
        text = await _text(blobs, descriptors[0], ovf.LARGEST_DESCRIPTOR)
        descriptor = await asyncio.to_thread(ovf.read_descriptor, descriptors[0].name, text)
        checksums = await _manifests(files, blobs)
    except ovf.BadPackage as error:
        return Findings(invalid=((error.fault.args[0], error.fault),))
    missing, invalid = _compare(descriptor, descriptors[0].name, files)
    for name, manifest in checksums.items():
        invalid += await _differing(name, manifest, files, blobs)
    return Findings(tuple(missing), tuple(invalid))


async def examine_manifests(files: Sequence[StoredFile], blobs: Blobs) -> Findings:
    """Which of the files differ from what the manifests beside them say; what is not there is not asked for."""
    try:
        checksums = await _manifests(files, blobs)
    except ovf.BadPackage as error:
        return Findings(invalid=((error.fault.args[0], error.fault),))
    there = {file.name for file in files}
    invalid: list[tuple[str, Fault]] = []
    for name, manifest in checksums.items():
        invalid += await _differing(name, {each: manifest[each] for each in manifest.keys() & there}, files, blobs)
    return Findings(invalid=tuple(sorted(invalid, key=lambda each: each[0])))


async def _manifests(files: Sequence[StoredFile], blobs: Blobs) -> dict[str, dict[str, Checksum]]:
    return {
        file.name: await asyncio.to_thread(ovf.read_manifest, file.name, await _text(blobs, file, ovf.LARGEST_MANIFEST))
        for file in files
        if ovf.is_manifest(file.name)
    }


def _not_one(descriptors: Sequence[StoredFile]) -> Findings:
    if not descriptors:
        return Findings(missing=("*.ovf",))
    text = f"there are {len(descriptors)} descriptors, a package has one"
    return Findings(invalid=tuple((file.name, Fault("ovf.descriptors", text, (file.name,))) for file in descriptors))


async def _text(blobs: Blobs, file: StoredFile, most: int) -> bytes:
    if file.size > most:
        raise ovf.BadPackage(file.name, f"has {file.size} bytes, {most} are allowed for a file of its kind")
    blob = await blobs.check(file.blob, file.name)
    return await asyncio.to_thread(lambda: b"".join(blobs.store.read(blob.storage, blob.id)))


def _compare(
    descriptor: ovf.Descriptor, descriptor_name: str, files: Sequence[StoredFile]
) -> tuple[list[str], list[tuple[str, Fault]]]:
    there = {file.name: file for file in files}
    wanted = {name for reference in descriptor.references for name in reference.names()}
    invalid = [fault for reference in descriptor.references for fault in _sizes(reference, there)]
    for name in there.keys() - wanted:
        if name != descriptor_name and not ovf.is_manifest(name) and not ovf.is_certificate(name):
            text = f"file {name!r} is not referenced by the descriptor {descriptor_name!r}; remove it, or reference it"
            invalid.append((name, Fault("ovf.not_referenced", text, (name, descriptor_name))))
    return sorted(wanted - there.keys()), sorted(invalid, key=lambda each: each[0])


def _sizes(reference: ovf.Referenced, there: dict[str, StoredFile]) -> Iterator[tuple[str, Fault]]:
    found = [there[name] for name in reference.names() if name in there]
    if reference.size is None or len(found) != len(reference.names()):
        return
    size = sum(file.size for file in found)
    if size != reference.size:
        text = f"file {reference.href!r} has {size} bytes, the descriptor says {reference.size}"
        yield found[0].name, Fault("ovf.size", text, (reference.href, str(reference.size), str(size)))


async def _differing(
    manifest_name: str, manifest: dict[str, Checksum], files: Sequence[StoredFile], blobs: Blobs
) -> list[tuple[str, Fault]]:
    there = {file.name: file for file in files}
    found: list[tuple[str, Fault]] = []
    for name, expected in manifest.items():
        if name not in there:
            text = f"the manifest {manifest_name!r} lists file {name!r}, which is not there"
            found.append((manifest_name, Fault("ovf.manifest_missing", text, (manifest_name, name))))
            continue
        actual = await blobs.digest(there[name], expected.algorithm)
        if actual != expected.digits:
            told = f"file {name!r} has the {expected.algorithm} checksum {actual}"
            text = f"{told}, the manifest {manifest_name!r} says {expected.digits}"
            found.append((name, Fault("ovf.manifest_mismatch", text, (name, expected.digits, actual))))
    return found
