"""The values that the rules work on and the stores keep. All are frozen; a change makes a new one.

Times are milliseconds since 1970 UTC, sizes are bytes.
"""

from __future__ import annotations

import enum
from typing import Generic, TypeVar

import msgspec
from msgspec.structs import replace

from contentlib.library.checksums import Checksum
from contentlib.library.errors import Fault

Row = TypeVar("Row")


class LibraryType(enum.StrEnum):
    """Where the content of a library comes from."""

    LOCAL = "LOCAL"
    SUBSCRIBED = "SUBSCRIBED"


class BackingType(enum.StrEnum):
    """How a storage backing is named."""

    DATASTORE = "DATASTORE"
    OTHER = "OTHER"


class Authentication(enum.StrEnum):
    """How a subscriber shows who it is."""

    BASIC = "BASIC"
    NONE = "NONE"


class Backing(msgspec.Struct, frozen=True):
    """A storage backing as the client set it."""

    type: BackingType
    datastore_id: str | None = None
    storage_uri: str | None = None


class Publishing(msgspec.Struct, frozen=True):
    """How a local library is published; the password is kept as a hash only."""

    published: bool = False
    authentication: Authentication = Authentication.NONE
    user_name: str | None = None
    password_hash: str | None = None
    persist_json: bool = False


class Subscription(msgspec.Struct, frozen=True):
    """What a subscribed library is subscribed to, and how its publisher is asked; the publisher's certificate may be pinned.

    `source` is the library's identifier where it is one of this server, which needs no password of a library that it has
    invited: `invitation` is its own subscription. An existing library that the publisher has a subscription of is let in like
    any other; that subscription is `known_as`. The password is kept sealed.
    """

    url: str
    authentication: Authentication = Authentication.NONE
    user_name: str | None = None
    password: str | None = None
    thumbprint: str | None = None
    certificate: str | None = None
    automatic_sync: bool = False
    on_demand: bool = False
    source: str | None = None
    invitation: str | None = None
    known_as: str | None = None


class Seen(msgspec.Struct, frozen=True):
    """What tells a catalog that was read once from a newer one: the library's id and version, and validators of its documents.

    One that is not `sure` is read again, whatever the publisher says: the version had risen and the list of `items` was the
    same, which may have been written later.
    """

    version: str = ""
    etag: str | None = None
    modified: str | None = None
    library: str = ""
    items: str = ""
    sure: bool = True


class Following(msgspec.Struct, frozen=True):
    """How far a subscribed library is behind its publisher; times in milliseconds since 1970 UTC.

    `catalog` is the publisher's name for its library. `seen` is set when all of that catalog was taken over, `synced` is when
    that was last known to be so, `tried` when it was last asked; the `fault` is that of the last sync, if it failed.
    """

    catalog: str | None = None
    seen: Seen | None = None
    synced: int | None = None
    tried: int | None = None
    fault: Fault | None = None


class Retention(msgspec.Struct, frozen=True):
    """Which content versions of an item are kept: the last `versions`, and each for `seconds` after it was replaced.

    What is None is no limit. The current one is always kept.
    """

    versions: int | None = None
    seconds: int | None = None


class Maintenance(msgspec.Struct, frozen=True):
    """Why the content of a library cannot be changed, and the task that will end that, where it is one's."""

    reason: str
    task: str | None = None


class Library(msgspec.Struct, frozen=True):
    """A library; times in milliseconds since 1970 UTC. Without a `retention` of its own it has the server's.

    `version` counts the changes of its properties, `revision` all changes that a subscriber sees, those of items too. While it
    is in `maintenance`, its content is not changed; `unmoved` is why some of it is on another storage.
    """

    id: str
    name: str
    folded_name: str
    description: str
    type: LibraryType
    backings: tuple[Backing, ...]
    storage: str
    created: int
    modified: int
    version: int
    publishing: Publishing = Publishing()
    optimize_remote_publishing: bool = False
    apply_usage_to_items: bool | None = None
    security_policy: str | None = None
    revision: int = 1
    subscription: Subscription | None = None
    following: Following | None = None
    retention: Retention | None = None
    maintenance: Maintenance | None = None
    unmoved: str | None = None


class Usage(msgspec.Struct, frozen=True):
    """Somebody's declaration to use a library; `urn` names who it is."""

    id: str
    library: str
    urn: str
    created: int


class Placement(msgspec.Struct, frozen=True):
    """Where the virtual machines of templates are to be, by identifiers of the vCenter that has them."""

    cluster: str | None = None
    folder: str | None = None
    host: str | None = None
    network: str | None = None
    resource_pool: str | None = None


class Vcenter(msgspec.Struct, frozen=True):
    """Another vCenter; its port is 443 where none is given."""

    hostname: str
    https_port: int | None = None


class Subscriber(msgspec.Struct, frozen=True):
    """A subscription of a published library, as its publisher knows it: whose it is, and on which vCenter if not here."""

    id: str
    library: str
    subscribed: str
    placement: Placement = Placement()
    vcenter: Vcenter | None = None


class Item(msgspec.Struct, frozen=True):
    """A library item; times in milliseconds since 1970 UTC, size in bytes.

    `version_id` names the current content version, None while there never was one. An item is `abandoned` when its last
    update session ended without content; a new item may then take its name. One of a subscribed library has in `source` the
    publisher's identifier, and in `synced` when it was last known to be as the publisher has it.
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

    @property
    def cached(self) -> bool:
        """Whether its content is here, or never was anywhere."""
        return self.synced is None or self.version_id is not None

    @property
    def failed_draft(self) -> bool:
        """Whether it never had content, and its update session failed."""
        return self.abandoned and self.version_id is None


class Deleted(msgspec.Struct, Generic[Row], frozen=True):
    """A library or item in the trash: who deleted it when, and the time from which on it is gone for good."""

    row: Row
    user: str
    time: int
    until: int


class StoredFile(msgspec.Struct, frozen=True):
    """A file of a content version; `revision` counts the contents that the file of this name has had.

    `generation` rises with each of them too and is never lower for a later content: seconds since 1970 UTC, or more. A file
    without a `blob` is only known by name, its bytes are at the publisher of the library.
    """

    name: str
    blob: str
    size: int
    revision: int
    checksum: Checksum | None
    generation: int = 0


class Signature(msgspec.Struct, frozen=True):
    """Who signed a package: the signer's certificate and those that came with it, in base64, and when they were examined."""

    chain: tuple[str, ...]
    examined: int


class TrustedCertificate(msgspec.Struct, frozen=True):
    """A certificate that is trusted to sign packages, and to say who else is; the identifier is its SHA-256 digest."""

    id: str
    text: str
    created: int


class Differences(msgspec.Struct, frozen=True):
    """The names of the files in which a content version is another one than that before it."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Version(msgspec.Struct, frozen=True):
    """A content version of an item: an immutable list of files, `number` is what clients see.

    `user` made it, `message` says what for where it was not an update session, `differences` are those to the version before
    it. An OVF package may have a `signature`, which is its manifest's, and `warnings`: what is doubtful about its files.
    """

    id: str
    item: str
    number: int
    created: int
    files: tuple[StoredFile, ...]
    user: str = ""
    message: str = ""
    signature: Signature | None = None
    differences: Differences | None = None
    warnings: tuple[Fault, ...] | None = None

    def file(self, name: str) -> StoredFile | None:
        """The file of that name."""
        return next((file for file in self.files if file.name == name), None)

    def after(self, before: Version) -> Version:
        """The version with its differences to the one before it."""
        old = {file.name: file.blob for file in before.files}
        new = {file.name: file.blob for file in self.files}
        return replace(
            self,
            differences=Differences(
                added=tuple(name for name in new if name not in old),
                changed=tuple(name for name in new if old.get(name, new[name]) != new[name]),
                removed=tuple(name for name in old if name not in new),
            ),
        )


class State(enum.StrEnum):
    """The states of sessions; a download session is never DONE."""

    ACTIVE = "ACTIVE"
    DONE = "DONE"
    ERROR = "ERROR"
    CANCELED = "CANCELED"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What every session has; times in milliseconds since 1970 UTC."""

    id: str
    user: str
    login: str
    item: str
    content_version: int
    state: State = State.ACTIVE
    progress: int = 0
    created: int
    touched: int
    ended: int | None = None
    fault: Fault | None = None


class Touches(msgspec.Struct, frozen=True):
    """When sessions and login sessions were last active, and how many bytes of files have arrived."""

    sessions: dict[str, int]
    logins: dict[str, int]
    progress: dict[str, int]

    def __bool__(self) -> bool:
        return bool(self.sessions or self.logins or self.progress)


class Source(enum.StrEnum):
    """Where the bytes of a file come from; NONE is a file that stays as it is, or one nobody has said the source of."""

    NONE = "NONE"
    PUSH = "PUSH"
    PULL = "PULL"


class TransferStatus(enum.StrEnum):
    """How far the transfer of a file is."""

    WAITING_FOR_TRANSFER = "WAITING_FOR_TRANSFER"
    TRANSFERRING = "TRANSFERRING"
    READY = "READY"
    VALIDATING = "VALIDATING"
    ERROR = "ERROR"


class WarningType(enum.StrEnum):
    """What may be doubtful about who signed a package."""

    EXPIRED_CERTIFICATE = "EXPIRED_CERTIFICATE"
    NOT_YET_VALID_CERTIFICATE = "NOT_YET_VALID_CERTIFICATE"
    SELF_SIGNED_CERTIFICATE = "SELF_SIGNED_CERTIFICATE"
    UNTRUSTED_CERTIFICATE = "UNTRUSTED_CERTIFICATE"


class UpdateSession(Session, frozen=True, kw_only=True):
    """An update session; `base` is the content version that it started from, `ignored_warnings` the warnings to pass over.

    One that has files that the server fetches says in `pulled` when anybody last did more than look whether it has ended. It
    is `completing` when its client asked to complete it; the server may have completed one whose client did not.
    """

    base: str | None = None
    storage: str
    ignored_warnings: tuple[tuple[str, bool], ...] = ()
    pulled: int | None = None
    completing: bool = False

    @property
    def completed_unasked(self) -> bool:
        """Whether the server completed it, and its client has not asked for that yet."""
        return self.state is State.DONE and self.pulled is not None and not self.completing


class SourceEndpoint(msgspec.Struct, frozen=True):
    """Where the server fetches a file from, and what the certificate there must be; as the client set it."""

    uri: str
    thumbprint: str | None = None
    certificate: str | None = None


class UpdateFile(msgspec.Struct, frozen=True):
    """A change to one file of an item: new bytes, or its removal.

    `size` and `checksum` are what the client declared; `received` and `content` are what is there. A PULL file has the
    `endpoint` where it is, and the `task` that fetches it. What comes out of an archive names it in `archive`.
    """

    id: str
    session: str
    name: str
    source: Source
    status: TransferStatus
    removed: bool = False
    size: int | None = None
    checksum: Checksum | None = None
    received: int = 0
    content: Checksum | None = None
    blob: str | None = None
    fault: Fault | None = None
    endpoint: SourceEndpoint | None = None
    task: str | None = None
    archive: str | None = None

    @property
    def unpacked(self) -> bool:
        """Whether it was an archive whose files are beside it now: it is shown until the session ends, and never stored."""
        return self.status is TransferStatus.READY and self.blob is None and not self.removed


class PrepareStatus(enum.StrEnum):
    """How far the preparation of a file is."""

    UNPREPARED = "UNPREPARED"
    PREPARE_REQUESTED = "PREPARE_REQUESTED"
    PREPARING = "PREPARING"
    PREPARED = "PREPARED"
    ERROR = "ERROR"


class EndpointType(enum.StrEnum):
    """What kind of address a file is wanted at: one of this server, or the file's own on the storage."""

    HTTPS = "HTTPS"
    DIRECT = "DIRECT"


class DownloadSession(Session, frozen=True, kw_only=True):
    """A download session; it serves the content version named by `version_id` to its end."""

    version_id: str | None = None


class Preparation(msgspec.Struct, frozen=True):
    """What became of the preparation of a file; the `task` is the one that brings its bytes, where they were not here."""

    session: str
    name: str
    status: PrepareStatus
    endpoint: EndpointType = EndpointType.HTTPS
    fault: Fault | None = None
    task: str | None = None


class Blob(msgspec.Struct, frozen=True):
    """Bytes on a storage; `digests` are by algorithm, SHA-256 always; `mark` changes when somebody writes to them.

    `unflushed` names the run of the machine in which they were written, until they survive the loss of power.
    """

    id: str
    storage: str
    size: int
    sha256: str
    digests: dict[str, str]
    mark: str
    created: int
    unreferenced: int | None = None
    unflushed: str | None = None


class TaskStatus(enum.StrEnum):
    """How far a task is; BLOCKED is one that waits for its next attempt."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    BLOCKED = "BLOCKED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Target(msgspec.Struct, frozen=True):
    """What a task works on: a resource type of the contract and an identifier."""

    type: str
    id: str


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Work that goes on without its caller; times in milliseconds since 1970 UTC.

    `kind` says who runs it and `arguments` with what, as JSON. It runs when it is `due`, by the `owner` whose lease lasts to
    `until`; when that is over, somebody else takes it up. `completed` of `total` is its progress.
    """

    id: str
    kind: str
    service: str
    operation: str
    description: Fault
    user: str
    arguments: str
    status: TaskStatus = TaskStatus.PENDING
    cancelable: bool = True
    canceling: bool = False
    created: int
    started: int | None = None
    ended: int | None = None
    due: int
    attempts: int = 0
    owner: str | None = None
    until: int | None = None
    completed: int = 0
    total: int = 100
    target: Target | None = None
    parent: str | None = None
    result: str | None = None
    fault: Fault | None = None


class Token(msgspec.Struct, frozen=True):
    """A client token; a UUID in its canonical form."""

    user: str
    operation: str
    value: str


class User(msgspec.Struct, frozen=True):
    """A user; `roles` are for the permissions to come, the administrator's is `admin`."""

    name: str
    folded_name: str
    password_hash: str
    roles: tuple[str, ...] = ()


class Login(msgspec.Struct, frozen=True):
    """A login session; the token itself is nowhere kept. Times in milliseconds since 1970 UTC."""

    token_hash: str
    user: str
    created: int
    touched: int
