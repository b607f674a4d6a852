"""Specifies what the rules require of a metadata store and of a blob store. A new backend can be written from it.

Metadata. All methods are called inside a transaction. A transaction sees its own writes; readers see them only after the block
has ended and the rows are committed. If the block raises, everything is undone. Writing transactions of all processes take
turns; one must not be started inside another of the same task. `get` returns None for a missing row, for any key; `put`
replaces the whole row and, unlike `add`, does nothing if the row is missing (unless documented otherwise); `remove` of a
missing row does nothing. Lists are in order of creation. The time of a method does not depend on the number of rows that it
neither returns nor changes.

A store that cannot be reached, read or written raises OSError, undoes the transaction and stays usable. A caller that is
cancelled while a block ends does not know whether it was committed.

Blobs. The methods block and are called in threads. Keys come from the rules, never from clients.
"""

from __future__ import annotations

from contentlib.library.ports.addresses import Addresses
from contentlib.library.ports.audit import AuditRows
from contentlib.library.ports.bytes import (
    BackgroundSending,
    BlobStore,
    Description,
    Descriptions,
    FilesBeside,
    LimitedSpace,
    Links,
    LocalFiles,
    NewBlob,
    SmallFiles,
    Staged,
    Stat,
    StorageAway,
    StorageSpace,
    Stray,
    Strays,
    Sweep,
    descriptions_of,
    links_of,
    local_path,
    small_files_of,
    space_of,
    strays_of,
)
from contentlib.library.ports.claims import ClaimHeld, ClaimLost, UploadClaim, UploadClaims
from contentlib.library.ports.items import ItemRows
from contentlib.library.ports.libraries import LibraryRows, UsageRows
from contentlib.library.ports.metadata import AccessStore, MetadataStore, Transaction
from contentlib.library.ports.nodes import Nodes, Places
from contentlib.library.ports.queries import AnnotationRows, FigureRows, LineRows, QueryRows
from contentlib.library.ports.quotas import QuotaRows
from contentlib.library.ports.rows import ChangedWhileRead, Rows
from contentlib.library.ports.secrets import Encryption, PasswordHasher, SecretRows
from contentlib.library.ports.sessions import (
    DownloadSessionRows,
    PreparationRows,
    SessionRows,
    UpdateFileRows,
    UpdateSessionRows,
)
from contentlib.library.ports.state import StateRows
from contentlib.library.ports.subscriptions import (
    ArrivalRows,
    FetchedItemRows,
    OfferRows,
    SubscriberContactRows,
    SubscriberCredentialRows,
    SubscriberRows,
)
from contentlib.library.ports.tags import AttachmentRows, CategoryRows, FreeTag, TagRows, UsedByRows
from contentlib.library.ports.tasks import TaskRows
from contentlib.library.ports.trash import DeletedRows
from contentlib.library.ports.users import LoginRows, TokenRows, UsedLoginRows, UserRows
from contentlib.library.ports.versions import BlobRows, TrustedCertificateRows, VersionRows

__all__ = [
    "AccessStore",
    "Addresses",
    "AnnotationRows",
    "ArrivalRows",
    "AttachmentRows",
    "AuditRows",
    "BackgroundSending",
    "BlobRows",
    "BlobStore",
    "CategoryRows",
    "ChangedWhileRead",
    "ClaimHeld",
    "ClaimLost",
    "DeletedRows",
    "Description",
    "Descriptions",
    "DownloadSessionRows",
    "Encryption",
    "FetchedItemRows",
    "FigureRows",
    "FilesBeside",
    "FreeTag",
    "ItemRows",
    "LibraryRows",
    "LimitedSpace",
    "LineRows",
    "Links",
    "LocalFiles",
    "LoginRows",
    "MetadataStore",
    "NewBlob",
    "Nodes",
    "OfferRows",
    "PasswordHasher",
    "Places",
    "PreparationRows",
    "QueryRows",
    "QuotaRows",
    "Rows",
    "SecretRows",
    "SessionRows",
    "SmallFiles",
    "Staged",
    "Stat",
    "StateRows",
    "StorageAway",
    "StorageSpace",
    "Stray",
    "Strays",
    "SubscriberContactRows",
    "SubscriberCredentialRows",
    "SubscriberRows",
    "Sweep",
    "TagRows",
    "TaskRows",
    "TokenRows",
    "Transaction",
    "TrustedCertificateRows",
    "UpdateFileRows",
    "UpdateSessionRows",
    "UploadClaim",
    "UploadClaims",
    "UsageRows",
    "UsedByRows",
    "UsedLoginRows",
    "UserRows",
    "VersionRows",
    "descriptions_of",
    "links_of",
    "local_path",
    "small_files_of",
    "space_of",
    "strays_of",
]
