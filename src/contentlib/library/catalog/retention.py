"""Selects the content versions that a library keeps."""

from __future__ import annotations

from msgspec.structs import replace

from contentlib.library.catalog.libraries import find_library
from contentlib.library.errors import Invalid
from contentlib.library.messages import TOO_SMALL
from contentlib.library.model import Retention
from contentlib.library.ports import MetadataStore


class Retentions:
    """Reads and changes retention rules of libraries. `default` applies to libraries without their own rule."""

    def __init__(self, metadata: MetadataStore, default: Retention) -> None:
        self._metadata = metadata
        self._default = default

    async def get(self, library_id: str) -> tuple[Retention, bool]:
        """The rule of a library, and whether it is its own."""
        async with self._metadata.reading() as transaction:
            own = (await find_library(transaction, library_id)).retention
        return own or self._default, own is not None

    async def set(self, library_id: str, retention: Retention | None) -> None:
        """Sets or removes the rule of a library."""
        for name in ("versions", "seconds"):
            if retention is not None and (given := getattr(retention, name)) is not None and given < 1:
                raise Invalid(TOO_SMALL(field=f"spec.{name}", least=1, given=given))
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, library_id)
            await transaction.libraries.put(replace(library, retention=retention))
