"""Defines the values that the rules use and the stores keep. All are frozen; a change creates a new value.

Times are milliseconds since 1970 UTC, sizes are bytes.
"""

from __future__ import annotations

from contentlib.library.model.annotations import Annotation, AnnotationChange, LabelCount
from contentlib.library.model.audit import (
    Actor,
    AuditEntry,
    AuditFilter,
    AuditLink,
    AuditNote,
    AuditRecord,
    AuditThing,
    Outcome,
)
from contentlib.library.model.blobs import Blob, StorageUse
from contentlib.library.model.download_sessions import DownloadSession, EndpointType, Preparation, PrepareStatus
from contentlib.library.model.items import Item
from contentlib.library.model.libraries import (
    Backing,
    BackingType,
    Library,
    LibraryType,
    Maintenance,
    Publishing,
    Retention,
    Usage,
)
from contentlib.library.model.queries import (
    FoundPage,
    ItemLine,
    ItemQuery,
    LibraryLine,
    LibraryQuery,
    Position,
    SeenLibraries,
    Selection,
    SortKey,
    StoredAmount,
)
from contentlib.library.model.quotas import FillLevel, HeldAmount, Quota, Reservation, library_owner, user_owner
from contentlib.library.model.secrets import SIGNING_KEY, SealedSecret, SecretPurpose, SecretUse
from contentlib.library.model.sessions import Session, State, Touches
from contentlib.library.model.signatures import PackageSignature, TrustedCertificate, WarningType
from contentlib.library.model.subscriptions import (
    Authentication,
    FetchedItem,
    Following,
    Placement,
    Seen,
    Subscriber,
    SubscriberContact,
    SubscriberCredential,
    Subscription,
    Vcenter,
)
from contentlib.library.model.tags import Cardinality, Category, Tag, TaggedObject
from contentlib.library.model.tasks import Need, Submitter, Task, TaskStatus, TaskTarget
from contentlib.library.model.trash import Deleted
from contentlib.library.model.update_sessions import Source, SourceEndpoint, TransferStatus, UpdateFile, UpdateSession
from contentlib.library.model.users import Login, Token, User
from contentlib.library.model.versions import Differences, StoredFile, Version

__all__ = [
    "SIGNING_KEY",
    "Actor",
    "Annotation",
    "AnnotationChange",
    "AuditEntry",
    "AuditFilter",
    "AuditLink",
    "AuditNote",
    "AuditRecord",
    "AuditThing",
    "Authentication",
    "Backing",
    "BackingType",
    "Blob",
    "Cardinality",
    "Category",
    "Deleted",
    "Differences",
    "DownloadSession",
    "EndpointType",
    "FetchedItem",
    "FillLevel",
    "Following",
    "FoundPage",
    "HeldAmount",
    "Item",
    "ItemLine",
    "ItemQuery",
    "LabelCount",
    "Library",
    "LibraryLine",
    "LibraryQuery",
    "LibraryType",
    "Login",
    "Maintenance",
    "Need",
    "Outcome",
    "PackageSignature",
    "Placement",
    "Position",
    "Preparation",
    "PrepareStatus",
    "Publishing",
    "Quota",
    "Reservation",
    "Retention",
    "SealedSecret",
    "SecretPurpose",
    "SecretUse",
    "Seen",
    "SeenLibraries",
    "Selection",
    "Session",
    "SortKey",
    "Source",
    "SourceEndpoint",
    "State",
    "StorageUse",
    "StoredAmount",
    "StoredFile",
    "Submitter",
    "Subscriber",
    "SubscriberContact",
    "SubscriberCredential",
    "Subscription",
    "Tag",
    "TaggedObject",
    "Task",
    "TaskStatus",
    "TaskTarget",
    "Token",
    "Touches",
    "TransferStatus",
    "TrustedCertificate",
    "UpdateFile",
    "UpdateSession",
    "Usage",
    "User",
    "Vcenter",
    "Version",
    "WarningType",
    "library_owner",
    "user_owner",
]
