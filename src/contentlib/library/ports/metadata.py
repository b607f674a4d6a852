"""Specifies the metadata store: transactions over all rows."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from contentlib.library.model import Item, Library
from contentlib.library.ports.audit import AuditRows
from contentlib.library.ports.items import ItemRows
from contentlib.library.ports.libraries import LibraryRows, UsageRows
from contentlib.library.ports.queries import AnnotationRows, FigureRows, LineRows, QueryRows
from contentlib.library.ports.quotas import QuotaRows
from contentlib.library.ports.secrets import SecretRows
from contentlib.library.ports.sessions import DownloadSessionRows, PreparationRows, UpdateFileRows, UpdateSessionRows
from contentlib.library.ports.state import StateRows
from contentlib.library.ports.subscriptions import (
    ArrivalRows,
    FetchedItemRows,
    OfferRows,
    SubscriberContactRows,
    SubscriberCredentialRows,
    SubscriberRows,
)
from contentlib.library.ports.tags import AttachmentRows, CategoryRows, TagRows, UsedByRows
from contentlib.library.ports.tasks import TaskRows
from contentlib.library.ports.trash import DeletedRows
from contentlib.library.ports.users import LoginRows, TokenRows, UsedLoginRows, UserRows
from contentlib.library.ports.versions import BlobRows, TrustedCertificateRows, VersionRows
from contentlib.library.principals import ApiTokenRows, GroupRows, LastUseRows, LoginLinkRows, PermissionRows, RoleRows


class Transaction(Protocol):
    """All rows, one attribute an aggregate."""

    libraries: LibraryRows
    items: ItemRows
    usages: UsageRows
    deleted_libraries: DeletedRows[Library]
    deleted_items: DeletedRows[Item]
    offers: OfferRows
    arrivals: ArrivalRows
    versions: VersionRows
    update_sessions: UpdateSessionRows
    update_files: UpdateFileRows
    download_sessions: DownloadSessionRows
    preparations: PreparationRows
    blobs: BlobRows
    trusted_certificates: TrustedCertificateRows
    subscribers: SubscriberRows
    subscriber_credentials: SubscriberCredentialRows
    subscriber_contacts: SubscriberContactRows
    fetched_items: FetchedItemRows
    categories: CategoryRows
    category_users: UsedByRows
    tags: TagRows
    tag_users: UsedByRows
    attachments: AttachmentRows
    tokens: TokenRows
    tasks: TaskRows
    logins: LoginRows
    users: UserRows
    used_logins: UsedLoginRows
    groups: GroupRows
    roles: RoleRows
    permissions: PermissionRows
    api_tokens: ApiTokenRows
    login_links: LoginLinkRows
    last_uses: LastUseRows
    state: StateRows
    secrets: SecretRows
    quotas: QuotaRows
    audit: AuditRows
    annotations: AnnotationRows
    queries: QueryRows
    lines: LineRows
    figures: FigureRows

    def access_changed(self) -> bool:
        """Whether users, groups, roles, permissions or API tokens may differ here from the last committed state.

        They do where this transaction has changed them, or another one that will be committed together with it.
        """


class MetadataStore(Protocol):
    """Keeps all rows."""

    def transaction(self, *, durable: bool) -> AbstractAsyncContextManager[Transaction]:
        """Starts a transaction that may write. It is committed when the block ends and undone when it raises.

        A durable transaction survives a power loss once the block has ended, another one only the death of the process.
        """

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Starts a transaction that only reads, in one state of all rows. Readers and writers do not block each other.

        It may raise ChangedWhileRead in a call that has changed nothing so far (`library.call_time`).
        """

    async def ping(self) -> None:
        """Returns when the store answers; raises OSError when it does not."""

    async def close(self) -> None:
        """Closes the store. Can be called again."""


class AccessStore(MetadataStore, Protocol):
    """A metadata store that tells whether what was worked out of its users and permissions still holds."""

    def access_generation(self) -> int | None:
        """A number that rises with each change, in any process, of a user, group, membership, role, permission or API token.

        None while one is being committed, and where the store has not looked for changes of other machines in this call: at its
        first reading it does. What is read after it was asked for, and before it rises, is of this generation.
        """

    def login_generation(self) -> int | None:
        """The same for login sessions."""
