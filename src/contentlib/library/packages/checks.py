"""Checks an OVF package: references, sizes, manifest, signature.

Compares the descriptor's references and sizes with the existing files, the manifest with their checksums, and the signature in
the certificate file with the manifest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.checksums import Checksum
from contentlib.library.errors import Fault
from contentlib.library.model import StoredFile
from contentlib.library.names import plain
from contentlib.library.packages import messages, ovf
from contentlib.library.packages.recognition import doubtful, is_tar
from contentlib.library.packages.signatures import LARGEST, read_certificate
from contentlib.library.packages.starts import Starts
from contentlib.library.packages.tar import BadArchive, Begin, TarReader

_DESCRIPTOR = f"*{ovf.DESCRIPTOR}"
_TOLD = 50  # of what is wrong, in one sentence
_MANIFESTS = 10
_LOOKED_INTO = 100  # files of an item, each of which is opened
_FEW = 5


class Findings(msgspec.Struct, frozen=True):
    """The problems of a package: names of missing files, and faults of existing files by name.

    `warnings` are problems that do not reject a package, because only its descriptor contradicts them. `chain` are the signer's
    certificates in base64.
    """

    missing: tuple[str, ...] = ()
    invalid: tuple[tuple[str, Fault], ...] = ()
    chain: tuple[str, ...] = ()
    warnings: tuple[tuple[str, Fault], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.invalid)

    def problems(self) -> list[str]:
        """Summarizes all problems in one sentence; of many only the first, and the number of others."""
        faults = dict.fromkeys(fault.text for _, fault in self.invalid)  # what is wrong with two files is told once
        missing = [_lacking(name) for name in self.missing[:_TOLD]]
        invalid = [*faults][: _TOLD - len(missing)]
        left = len(self.missing) + len(faults) - len(missing) - len(invalid)
        return [*missing, *invalid, *([f"and {left} more"] if left else [])]

    def kept(self) -> tuple[Fault, ...] | None:
        """The warnings as they are kept with a content version; of very many the first, and how many more there are."""
        found = tuple(fault for _, fault in self.warnings)
        if len(found) <= _TOLD:
            return found or None
        return (*found[:_TOLD], messages.MORE_WARNINGS(count=len(found) - _TOLD))

    def strict(self) -> Findings:
        """The same with every warning an error."""
        return Findings(self.missing, (*self.invalid, *self.warnings), self.chain)


def _lacking(name: str) -> str:
    if name == _DESCRIPTOR:
        return messages.MISSING_DESCRIPTOR(name=name).text
    return messages.MISSING_FILE(name=name).text


class _There:
    """The files that are there, by name, which others may write in another way."""

    def __init__(self, files: Sequence[StoredFile]) -> None:
        self._files = {file.name: file for file in files}
        self._plain = {plain(file.name): file for file in files}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def find(self, name: str) -> StoredFile | None:
        """The file of that name, None where it is not there."""
        return self._files.get(name) or self._plain.get(plain(name))

    def of(self, names: Iterable[str]) -> dict[str, StoredFile | None]:
        """The file of each name; takes a thread's time, as a manifest may list very many."""
        return {name: self.find(name) for name in names}


class Seal(msgspec.Struct, frozen=True):
    """The manifest of a certificate file, and the signer's certificates; none if no certificate in it matches."""

    certificate: str
    manifest: str
    chain: tuple[str, ...]


def is_package(kind: str, names: Iterable[str]) -> bool:
    """Whether the files of an item of a type are an OVF package, or are to be."""
    return kind.lower() == ovf.TYPE or (not kind and any(ovf.is_descriptor(name) for name in names))


def tells(name: str) -> bool:
    """Whether a file of a package describes the others, by its name."""
    return ovf.is_descriptor(name) or ovf.is_manifest(name) or ovf.is_certificate(name)


async def examine(kind: str, files: Sequence[StoredFile], blobs: Blobs) -> Findings:
    """Checks the files of an item. Items that are not OVF packages have no problems."""
    if not is_package(kind, [file.name for file in files]):
        return Findings()
    descriptors = [file for file in files if ovf.is_descriptor(file.name)]
    if len(descriptors) != 1:
        return _not_one(descriptors)
    try:
        text = await _text(blobs, descriptors[0], ovf.LARGEST_DESCRIPTOR)
        descriptor = await asyncio.to_thread(ovf.read_descriptor, descriptors[0].name, text)
        checksums = await _manifests(files, blobs)
        seal = await read_seal(files, blobs)
    except ovf.BadPackage as error:
        return Findings(invalid=((error.name, error.fault),))
    found = await asyncio.to_thread(_compare, descriptor, descriptors[0].name, files)
    invalid, warnings = [*found.invalid], [*found.warnings]
    for name, manifest in checksums.items():
        warnings += _pointless(name, manifest)
        invalid += await _differing(name, manifest, files, blobs)
    if seal is not None:
        invalid += await asyncio.to_thread(_not_sealed, seal, checksums[seal.manifest], files)
    return Findings(found.missing, tuple(invalid), () if seal is None else seal.chain, tuple(warnings))


async def misnamed(files: Sequence[StoredFile], starts: Starts) -> tuple[tuple[str, Fault], ...]:
    """Returns warnings about files that do not match their names."""
    found = [(file.name, _doubtful(file.name, await starts.of(file))) for file in files[:_LOOKED_INTO]]
    return tuple((name, fault) for name, fault in found if fault is not None)


def _doubtful(name: str, start: bytes) -> Fault | None:
    if ovf.is_archive(name) and is_tar(start) and not is_package_archive(start):
        return messages.NOT_AN_OVA(name=name)
    return doubtful(name, start)


def is_package_archive(start: bytes) -> bool:
    """Whether a file that begins so is an OVA: a tar archive with a descriptor among its first files."""
    if not is_tar(start):
        return False
    try:
        return any(isinstance(event, Begin) and ovf.is_descriptor(event.name) for event in TarReader().feed(start))
    except BadArchive:
        return False


async def read_seal(files: Sequence[StoredFile], blobs: Blobs) -> Seal | None:
    """The seal of a package, None where it is not signed; BadPackage where that cannot be read."""
    certificates = [file for file in files if ovf.is_certificate(file.name)]
    if not certificates:
        return None
    file, *more = certificates
    if more:
        raise ovf.BadPackage(more[0].name, messages.TWO_CERTIFICATES(first=file.name, second=more[0].name))
    found = await asyncio.to_thread(read_certificate, file.name, await _text(blobs, file, LARGEST))
    wanted = found.manifest or file.name[: -len(ovf.CERTIFICATE)] + ovf.MANIFEST
    manifest = _named(wanted, [each for each in files if ovf.is_manifest(each.name)])
    if manifest is None:
        raise ovf.BadPackage(file.name, messages.NO_SIGNED_MANIFEST(name=file.name, manifest=wanted[:100]))
    chain = await asyncio.to_thread(found.chain, await _text(blobs, manifest, ovf.LARGEST_MANIFEST))
    return Seal(file.name, manifest.name, chain)


def _named(name: str, manifests: Sequence[StoredFile]) -> StoredFile | None:
    """Returns the manifest of a name. A single manifest always matches, because packages are renamed after signing."""
    if len(manifests) == 1:
        return manifests[0]
    return next((each for each in manifests if each.name == name), None)


def _not_sealed(seal: Seal, manifest: dict[str, Checksum], files: Sequence[StoredFile]) -> list[tuple[str, Fault]]:
    """Returns the problems of a signature: it does not match, or files are not covered."""
    if not seal.chain:
        wrong = messages.SIGNATURE_MISMATCH(certificate=seal.certificate, manifest=seal.manifest)
        return [(seal.certificate, wrong)]
    there = _There(files)
    sealed = {there.find(name) for name in manifest}
    return [
        (file.name, messages.NOT_SIGNED(name=file.name, manifest=seal.manifest))
        for file in files
        if file not in sealed and not ovf.is_manifest(file.name) and not ovf.is_certificate(file.name)
    ]


async def examine_manifests(files: Sequence[StoredFile], blobs: Blobs) -> Findings:
    """Returns the files that differ from their manifests. Missing files are ignored."""
    try:
        checksums = await _manifests(files, blobs)
    except ovf.BadPackage as error:
        return Findings(invalid=((error.name, error.fault),))
    there = _There(files)
    invalid: list[tuple[str, Fault]] = []
    for name, manifest in checksums.items():
        found = await asyncio.to_thread(there.of, manifest)
        known = {each: checksum for each, checksum in manifest.items() if found[each] is not None}
        invalid += await _differing(name, known, files, blobs)
    return Findings(invalid=tuple(sorted(invalid, key=lambda each: each[0])))


async def _manifests(files: Sequence[StoredFile], blobs: Blobs) -> dict[str, dict[str, Checksum]]:
    manifests = [file for file in files if ovf.is_manifest(file.name)]
    if len(manifests) > _MANIFESTS:
        name = manifests[_MANIFESTS].name
        raise ovf.BadPackage(name, messages.TOO_MANY_MANIFESTS(most=_MANIFESTS, name=name))
    return {
        file.name: await asyncio.to_thread(ovf.read_manifest, file.name, await _text(blobs, file, ovf.LARGEST_MANIFEST))
        for file in manifests
    }


def _is_pointless(manifest_name: str, name: str) -> bool:
    """Whether an entry of a manifest is ignored: the manifest itself, and its signature."""
    return plain(name) == plain(manifest_name) or ovf.is_certificate(name)


def _pointless(manifest_name: str, manifest: dict[str, Checksum]) -> Iterator[tuple[str, Fault]]:
    for name in manifest:
        if _is_pointless(manifest_name, name):
            if plain(name) == plain(manifest_name):
                yield manifest_name, messages.MANIFEST_LISTS_ITSELF(manifest=manifest_name)
            else:
                yield manifest_name, messages.MANIFEST_LISTS_CERTIFICATE(manifest=manifest_name, name=name)


def _not_one(descriptors: Sequence[StoredFile]) -> Findings:
    if not descriptors:
        return Findings(missing=(_DESCRIPTOR,))
    names = [repr(file.name) for file in descriptors[:_FEW]]
    wrong = messages.DESCRIPTORS(count=len(descriptors), names=[*names, *(["…"] if len(descriptors) > _FEW else [])])
    return Findings(invalid=tuple((file.name, wrong) for file in descriptors))


async def _text(blobs: Blobs, file: StoredFile, most: int) -> bytes:
    if file.size > most:
        raise ovf.BadPackage(file.name, messages.TOO_LARGE(name=file.name, size=file.size, most=most))
    blob = await blobs.check(file.blob, file.name)
    return await blobs.on(blob.storage).run(lambda: b"".join(blobs.store.read(blob.storage, blob.id)))


def _compare(descriptor: ovf.Descriptor, descriptor_name: str, files: Sequence[StoredFile]) -> Findings:
    """Returns the differences from the descriptor alone. Tools ignore its wrong sizes and incomplete references."""
    there, lacking, known = _There(files), [], {descriptor_name}
    for name in (name for reference in descriptor.references for name in reference.names(there)):
        file = there.find(name)
        if file is None:
            lacking.append(name)
        else:
            known.add(file.name)
    warnings = [fault for reference in descriptor.references for fault in _sizes(reference, there)]
    warnings += [
        (name, messages.NOT_REFERENCED(name=name, descriptor=descriptor_name))
        for name in (file.name for file in files)
        if name not in known and not ovf.is_manifest(name) and not ovf.is_certificate(name)
    ]
    lost = tuple(_lost(disk, descriptor_name) for disk in descriptor.lost)
    return Findings(tuple(sorted({*lacking})), lost, warnings=tuple(sorted(warnings, key=lambda each: each[0])))


def _lost(disk: ovf.Disk, descriptor_name: str) -> tuple[str, Fault]:
    return descriptor_name, messages.DISK_WITHOUT_FILE(disk=disk.id, descriptor=descriptor_name, file=disk.file or "")


def _sizes(reference: ovf.Referenced, there: _There) -> Iterator[tuple[str, Fault]]:
    names = reference.names(there)
    found = [file for name in names if (file := there.find(name)) is not None]
    if len(found) != len(names):
        return
    size = sum(file.size for file in found)
    if reference.size not in (None, size):
        yield found[0].name, messages.SIZE(name=reference.href, size=size, declared=reference.size or 0)
    if reference.chunk is not None:
        yield from _pieces(reference.chunk, found)


def _pieces(chunk: int, found: Sequence[StoredFile]) -> Iterator[tuple[str, Fault]]:
    """The last piece may be smaller than the others."""
    for file in found:
        if file.size > chunk or (file.size < chunk and file is not found[-1]):
            yield file.name, messages.CHUNK_SIZE(name=file.name, size=file.size, declared=chunk)


async def _differing(
    manifest_name: str, manifest: dict[str, Checksum], files: Sequence[StoredFile], blobs: Blobs
) -> list[tuple[str, Fault]]:
    there = await asyncio.to_thread(lambda: _There(files).of(manifest))
    found: list[tuple[str, Fault]] = []
    for name, expected in manifest.items():
        if _is_pointless(manifest_name, name):
            continue
        file = there[name]
        if file is None:
            found.append((manifest_name, messages.MANIFEST_MISSING(manifest=manifest_name, name=name)))
            continue
        actual = await blobs.digest(file, expected.algorithm)
        if actual != expected.digits:
            found.append((file.name, _mismatch(file.name, manifest_name, expected, actual)))
    return found


def _mismatch(name: str, manifest: str, expected: Checksum, actual: str) -> Fault:
    return messages.MANIFEST_MISMATCH(
        name=name, algorithm=expected.algorithm, actual=actual, manifest=manifest, expected=expected.digits
    )
