"""What the rules ask of a metadata store and of a blob store. A new backend can be written from these files.

Metadata. All methods are called inside a transaction. What a transaction wrote is seen by itself, and by no reader before
the block has ended and the rows are committed; it is undone as a whole when the block raises. Transactions that write take
turns, of this process and of all others; one must not be begun inside another of the same task. `get` answers None where
there is no such row, whatever the key looks like; `put` replaces the whole row and, unlike `add`, does nothing if there is
none (where a key may be new, it says so); `remove` of what is not there does nothing. Lists are in order of creation. No
method takes longer because there are more rows that it does not answer or change.

A store that cannot be reached, read or written raises OSError, undoes the transaction and goes on to serve. A caller who is
cancelled while a block ends does not know whether it was committed.

Blobs. The methods block and are called in threads. Keys come from the rules, never from clients.
"""

from __future__ import annotations

from contentlib.library.ports.addresses import Addresses
from contentlib.library.ports.bytes import BlobStore, Descriptions, FileBlobStore, LocalFiles, Staged, Stat, Stray, Strays
from contentlib.library.ports.items import ItemRows
from contentlib.library.ports.libraries import LibraryRows, UsageRows
from contentlib.library.ports.metadata import MetadataStore, Transaction
from contentlib.library.ports.rows import Rows
from contentlib.library.ports.secrets import PasswordHasher, Sealing
from contentlib.library.ports.sessions import (
    DownloadSessionRows,
    PreparationRows,
    SessionRows,
    UpdateFileRows,
    UpdateSessionRows,
)
from contentlib.library.ports.state import StateRows
from contentlib.library.ports.subscriptions import ArrivalRows, OfferRows, SubscriberRows
from contentlib.library.ports.tasks import TaskRows
from contentlib.library.ports.trash import DeletedRows
from contentlib.library.ports.users import LoginRows, TokenRows, UserRows
from contentlib.library.ports.versions import BlobRows, TrustedCertificateRows, VersionRows

__all__ = [
    "Addresses",
    "ArrivalRows",
    "BlobRows",
    "BlobStore",
    "DeletedRows",
    "Descriptions",
    "DownloadSessionRows",
    "FileBlobStore",
    "ItemRows",
    "LibraryRows",
    "LocalFiles",
    "LoginRows",
    "MetadataStore",
    "OfferRows",
    "PasswordHasher",
    "PreparationRows",
    "Rows",
    "Sealing",
    "SessionRows",
    "Staged",
    "Stat",
    "StateRows",
    "Stray",
    "Strays",
    "SubscriberRows",
    "TaskRows",
    "TokenRows",
    "Transaction",
    "TrustedCertificateRows",
    "UpdateFileRows",
    "UpdateSessionRows",
    "UsageRows",
    "UserRows",
    "VersionRows",
]
