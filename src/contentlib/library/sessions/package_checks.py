"""Checks the package of an update session before it becomes content: completeness and signature."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.libraries import find_library
from contentlib.library.clock import Clock
from contentlib.library.errors import Damaged, Fault, NotReady
from contentlib.library.model import (
    Item,
    Library,
    PackageSignature,
    StoredFile,
    TransferStatus,
    UpdateFile,
    UpdateSession,
    Version,
    WarningType,
)
from contentlib.library.packages.checks import Findings, Seal, examine, is_package, misnamed, read_seal, tells
from contentlib.library.packages.ovf import TYPE, BadPackage, is_archive
from contentlib.library.packages.signatures import Doubt, Signer, signer_of
from contentlib.library.packages.starts import Starts
from contentlib.library.packages.trust import Trust
from contentlib.library.ports import MetadataStore
from contentlib.library.sessions import messages

_COMING = (TransferStatus.WAITING_FOR_TRANSFER, TransferStatus.TRANSFERRING, TransferStatus.VALIDATING)
_REMEMBERED = 256  # seals of packages that are being sent


class Preview(msgspec.Struct, frozen=True):
    """Signature information of a session's package. It is `preparing` while files that it depends on are arriving.

    A session without files, old or new, is `empty`.
    """

    empty: bool = False
    preparing: bool = False
    signer: Signer | None = None
    chain: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


class Judged(msgspec.Struct, frozen=True):
    """What to store about a checked package: its signature, and the warnings about its files."""

    signature: PackageSignature | None
    warnings: tuple[Fault, ...] | None


class PackageChecks:
    """Checks packages. With `strict`, contradictions of the descriptor are errors."""

    def __init__(self, metadata: MetadataStore, blobs: Blobs, clock: Clock, trust: Trust, *, strict: bool = False) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._clock = clock
        self._trust = trust
        self._strict = strict
        self._seals: OrderedDict[tuple[str, ...], Seal | None] = OrderedDict()

    async def examine(self, kind: str, files: Sequence[StoredFile], starts: Starts) -> Findings:
        """Returns the problems of the files of an item of a type."""
        findings = await examine(kind, files, self._blobs)
        findings = findings.strict() if self._strict else findings
        doubtful = await misnamed(files, starts)
        return replace(findings, warnings=(*findings.warnings, *doubtful)) if doubtful else findings

    async def seal(self, session: UpdateSession, item: Item, version: Version, starts: Starts) -> Version:
        """The version with its signature, and the warnings about its files.

        NotReady while the package is not whole or a warning about it is not ignored, NotCompliant where the library's policy
        keeps it out.
        """
        findings = await self.examine(item.type, version.files, starts)
        if findings:
            raise NotReady(messages.INVALID_PACKAGE(item=item.id, problems=findings.problems()))
        signature = PackageSignature(findings.chain, self._clock.now()) if findings.chain else None
        async with self._metadata.reading() as transaction:
            library = await find_library(transaction, item.library)
        await self._trust.check(library, item.type.lower(), signature)
        if signature is not None:
            _check_ignored(session, await self._trust.doubts(signature))
        return replace(version, signature=signature, warnings=findings.kept())

    async def judge(self, library: Library, kind: str, files: Sequence[StoredFile]) -> Judged:
        """Returns what to store about an offered package. Raises NotCompliant if its signature is not sufficient."""
        findings = await examine(kind, files, self._blobs)
        signature = PackageSignature(findings.chain, self._clock.now()) if findings.chain and not findings else None
        await self._trust.check(library, kind.lower(), signature)
        return Judged(signature, findings.kept())

    async def preview(self, session: UpdateSession, files: list[StoredFile | UpdateFile]) -> Preview:
        """Returns the signature information of the files that the item will have when the session completes."""
        if not files:
            return Preview(empty=True)
        telling = [file for file in files if tells(file.name)]
        archives = [file for file in files if is_archive(file.name) and isinstance(file, UpdateFile) and file.status in _COMING]
        if not telling and not archives:
            return Preview()
        async with self._metadata.reading() as transaction:
            item = await transaction.items.get(session.item)
        if archives and item is not None and item.folded_type in ("", TYPE):
            return Preview(preparing=True)  # what it holds will tell
        if item is None or not is_package(item.type, [file.name for file in files]):
            return Preview()
        if any(isinstance(file, UpdateFile) and file.status in _COMING for file in telling):
            return Preview(preparing=True)
        return await self._preview([file for file in telling if isinstance(file, StoredFile)])

    async def _preview(self, files: list[StoredFile]) -> Preview:
        seal = await self._read(files)
        if seal is None or not seal.chain:
            return Preview()
        found = await self._trust.doubts(PackageSignature(seal.chain, self._clock.now()))
        return Preview(signer=signer_of(seal.chain), chain=seal.chain, doubts=found)

    async def _read(self, files: list[StoredFile]) -> Seal | None:
        """The seal of files, which is read once: clients that wait for a session ask for it again and again."""
        key = tuple(text for file in files for text in (file.name, file.blob))
        if key not in self._seals:
            try:
                self._seals[key] = await read_seal(files, self._blobs)
            except BadPackage:  # completing the session reports the error
                self._seals[key] = None
            except Damaged:
                return None
            if len(self._seals) > _REMEMBERED:
                self._seals.popitem(last=False)
        return self._seals[key]


def _check_ignored(session: UpdateSession, found: tuple[Doubt, ...]) -> None:
    left = [each for each in found if not is_ignored(session, each.type)]
    if left:
        warnings = [f"{each.type}: {each.fault.text}" for each in left]
        raise NotReady(messages.WARNINGS(session=session.id, warnings=warnings))


def is_ignored(session: UpdateSession, kind: WarningType) -> bool:
    """Whether a session passes over a kind of warning."""
    return dict(session.ignored_warnings).get(kind, False)
