"""Defines library items."""

from __future__ import annotations

import msgspec


class Item(msgspec.Struct, frozen=True):
    """A library item; times in milliseconds since 1970 UTC, size in bytes.

    `version_id` names the current content version, None while there never was one. An item is `abandoned` when its last
    update session ended without content, or its client wanted to complete it without any; a new item may then take its name.
    One of a subscribed library has in `source` the publisher's identifier, and in `synced` when it was last known to be as the
    publisher has it. `user` created it, empty for one that was synchronized or imported; neither it nor the library ever
    changes.
    """

    id: str
    library: str
    name: str
    folded_name: str
    description: str
    type: str
    folded_type: str
    created: int
    modified: int
    version: int
    metadata_version: int
    content_version: int
    size: int = 0
    version_id: str | None = None
    source: str | None = None
    abandoned: bool = False
    synced: int | None = None
    user: str = ""

    @property
    def cached(self) -> bool:
        """Whether its content is here, or never was anywhere."""
        return self.synced is None or self.version_id is not None

    @property
    def failed_draft(self) -> bool:
        """Whether it never had content, and its update session failed."""
        return self.abandoned and self.version_id is None
