"""All rows by operation."""

from __future__ import annotations

from conformance import rows_items, rows_libraries
from conformance.contract import SERVICES
from conformance.rows import Row

_BY_SERVICE = (
    rows_libraries.SESSIONS,
    rows_libraries.CONFIGURATION,
    rows_libraries.TYPES,
    rows_libraries.LIBRARIES,
    rows_libraries.LOCAL_LIBRARIES,
    rows_items.ITEMS,
    rows_items.FILES,
    rows_items.STORAGE,
    rows_items.UPDATE_SESSIONS,
    rows_items.UPDATE_FILES,
    rows_items.DOWNLOAD_SESSIONS,
    rows_items.DOWNLOAD_FILES,
)

ROWS: dict[str, Row] = {
    f"{service}.{name}": row for service, rows in zip(SERVICES, _BY_SERVICE, strict=True) for name, row in rows.items()
}
