"""What the rules ask of a metadata store and of a blob store. A new backend can be written from this file.

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

from collections.abc import Collection, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from contentlib.library.catalogs import Arrival, Offer
from contentlib.library.errors import Fault
from contentlib.library.model import (
    Blob,
    Deleted,
    DownloadSession,
    Item,
    Library,
    LibraryType,
    Login,
    Preparation,
    Retention,
    Signature,
    StoredFile,
    Subscriber,
    Target,
    Task,
    Token,
    Touches,
    TrustedCertificate,
    UpdateFile,
    UpdateSession,
    Usage,
    User,
    Version,
)

Row = TypeVar("Row")


class Rows(Protocol[Row]):
    """Rows with an identifier."""

    async def add(self, row: Row) -> None:
        """Adds a row; its identifier is new."""

    async def get(self, identifier: str) -> Row | None:
        """The row, or None."""

    async def put(self, row: Row) -> None:
        """Replaces the row of the same identifier."""

    async def remove(self, identifier: str) -> None:
        """Removes the row, and the rows that belong to it (a session's files, an item's tokens do not)."""


class LibraryRows(Rows[Library], Protocol):
    """Libraries."""

    async def find(
        self, *, type: LibraryType | None = None, folded_name: str | None = None, storage: str | None = None
    ) -> list[str]:
        """The identifiers of the libraries that match all that is given."""

    async def revisions(self) -> dict[str, int]:
        """The revisions of all libraries, by their identifiers; answered in one go, however many there are."""

    async def retentions(self) -> dict[str, Retention]:
        """The retentions of the libraries that have one of their own, by library, those of deleted libraries too."""

    async def changed(self, library_id: str) -> None:
        """Raises the revision of a library; that something which subscribers see has changed."""


class ItemRows(Rows[Item], Protocol):
    """Items. Removing one leaves its content versions, which download sessions may still serve."""

    async def remove_of(self, library: str, most: int) -> int:
        """Removes at most so many items of a library, deleted ones too; how many they were."""

    async def size_of(self, library: str) -> int:
        """How many bytes the current contents of a library's items have, those of a deleted library too."""

    async def reached(self, library: str) -> tuple[int, int]:
        """The highest version of a library's items as subscribers count them, and the highest generation of the files in all
        versions that are kept; of deleted items too, 0 where there is none.
        """

    async def find(
        self,
        *,
        library: str | None = None,
        folded_name: str | None = None,
        folded_type: str | None = None,
        source: str | None = None,
        cached: bool | None = None,
    ) -> list[str]:
        """The identifiers of the items that match all that is given."""

    async def marks(self, library: str) -> list[tuple[str, str]]:
        """Of each item of a library whose content is here, its identifier and a text that changes with the item; as listed.

        Answered in one go, and without holding up others, however many there are.
        """

    async def names(self, library: str) -> list[tuple[str, str]]:
        """Of each item of a library whose content is here, its identifier and its name; answered as `marks` is."""


class UsageRows(Rows[Usage], Protocol):
    """Usages of libraries, one of a name; removed with their library."""

    async def of(self, library: str) -> list[Usage]:
        """The usages of a library."""


class DeletedRows(Protocol[Row]):
    """Libraries or items in the trash; for all other rows they are not there, nor is an item whose library is deleted.

    They keep everything that belongs to them. The name of one is free for others.
    """

    async def add(self, identifier: str, user: str, now: int, until: int) -> None:
        """Takes a row away, with one change, however much belongs to it; one that is not there is left alone."""

    async def get(self, identifier: str) -> Deleted[Row] | None:
        """The row, or None; one that is overdue, too."""

    async def all(self, now: int) -> list[Deleted[Row]]:
        """The rows that are not overdue, in the order in which they were deleted."""

    async def overdue(self, now: int, most: int) -> list[str]:
        """The identifiers of some rows whose time is over."""

    async def hasten(self, identifier: str, now: int) -> None:
        """Ends a row's time."""

    async def restore(self, row: Row) -> None:
        """Brings back the row of the same identifier, as it is given."""


class OfferRows(Protocol):
    """What publishers offer of the items of subscribed libraries, by item; removed with it."""

    async def put(self, offer: Offer) -> None:
        """Adds the row, or replaces the one of the same item."""

    async def get(self, item: str) -> Offer | None:
        """The row, or None."""

    async def of(self, library: str, after: str, most: int) -> list[Offer]:
        """The first `most` rows of a library whose items' identifiers come after one, in their order."""

    async def end(self, library: str) -> None:
        """Removes the rows of a library, whose items are its own from now on: they never were synchronized."""


class ArrivalRows(Protocol):
    """Files that are being fetched for subscribed libraries; removed with their library."""

    async def put(self, arrival: Arrival) -> None:
        """Adds the row, or replaces the one of the same identifier."""

    async def get(self, identifier: str) -> Arrival | None:
        """The row, or None."""

    async def remove(self, identifier: str) -> None:
        """Removes the row."""

    async def uploads(self) -> set[str]:
        """The names of all uploads."""

    async def of(self, library: str) -> set[str]:
        """The names of a library's uploads."""


class VersionRows(Protocol):
    """Content versions with their files, immutable."""

    async def add(self, version: Version) -> None:
        """Adds a version; the blobs that it names exist, and are not `unreferenced` any more."""

    async def get(self, version_id: str) -> Version | None:
        """The version, or None."""

    async def signature(self, version_id: str) -> Signature | None:
        """The signature of a version, or None; takes less than to get the version with all its files."""

    async def remove(self, version_id: str) -> None:
        """Removes the version; blobs that no version names any more become unreferenced as of the next `unreference`."""

    async def let_go(self, version_id: str) -> None:
        """Nobody needs the version but the sessions that serve it, though it may be the newest of its item."""

    async def surplus(
        self, kept: int | None, most: int | None = None, *, before: int | None = None, library: str | None = None
    ) -> list[str]:
        """The identifiers of versions that nobody needs, in a library or in all that have no retention of their own.

        They are those that are not the last `kept` of their item, or were replaced `before` a time; never one that is
        current, or that an active session started from or serves. A version whose item is gone belongs to no library.
        """

    async def known(self, version_ids: Collection[str]) -> set[str]:
        """Those of the identifiers that are versions'."""

    async def elsewhere(self, library: str, storage: str) -> list[StoredFile]:
        """A file for each blob on another storage that a version of a library's items has, of those in the trash too."""

    async def move(self, library: str, blob: str, other: str) -> None:
        """Gives the versions of a library's items, of those in the trash too, another blob with the same bytes.

        A blob that no version names any more is unreferenced as of the next `unreference`.
        """

    async def of(self, item: str) -> list[Version]:
        """The versions of an item that are kept, oldest first."""

    async def since(self, library: str, revision: int) -> dict[str, str | None]:
        """The items of a library whose content has changed since it had a revision, each with its version of then.

        None where they had none, or where it is not kept any more. An item that was copied or restored may be among them for
        having no known past.
        """


class SessionRows(Rows[Row], Protocol[Row]):
    """Update or download sessions."""

    async def ids(self, user: str, item: str | None) -> list[str]:
        """The identifiers of the user's sessions, of one item or of all that are not deleted."""

    async def idle(self, before: int, most: int | None = None) -> list[str]:
        """The identifiers of ACTIVE sessions that were last touched before a time."""

    async def ended(self, before: int, most: int | None = None) -> list[str]:
        """The identifiers of sessions that ended before a time."""

    async def active(self) -> int:
        """How many sessions are ACTIVE."""


class UpdateSessionRows(SessionRows[UpdateSession], Protocol):
    """Update sessions."""

    async def active_of(self, item: str) -> UpdateSession | None:
        """The ACTIVE session of an item."""

    async def pulled(self) -> list[UpdateSession]:
        """The ACTIVE sessions that have files that the server fetches: those whose `pulled` is set."""

    async def active_in(self, library: str) -> list[UpdateSession]:
        """The ACTIVE sessions on the items of a library."""


class UpdateFileRows(Protocol):
    """The files of update sessions, one of a name; removed with their session."""

    async def put(self, file: UpdateFile) -> None:
        """Adds the file, or replaces the one of the same session and name."""

    async def get(self, session: str, name: str) -> UpdateFile | None:
        """The file of that name."""

    async def by_id(self, session: str, file_id: str) -> UpdateFile | None:
        """The file with that identifier; None after it was replaced."""

    async def of(self, session: str) -> list[UpdateFile]:
        """All files of a session, in the order in which they were first added."""

    async def count(self, session: str) -> int:
        """How many files a session has."""

    async def remove(self, session: str, name: str) -> None:
        """Removes the file of that name."""

    async def uploads(self) -> set[str]:
        """The identifiers of all files of ACTIVE sessions, which are also the names of their uploads."""

    async def interrupt(self, fault: Fault) -> None:
        """Puts every TRANSFERRING file of ACTIVE sessions into ERROR: the server was stopped, nobody is sending any more.

        PULL files stay as they are: the server goes on with them itself.
        """


class DownloadSessionRows(SessionRows[DownloadSession], Protocol):
    """Download sessions."""

    async def serve(self, item: str, version_id: str) -> None:
        """Gives the ACTIVE sessions of an item that have no content version this one: they have waited for it."""


class PreparationRows(Protocol):
    """What became of preparing files of download sessions; removed with their session."""

    async def put(self, preparation: Preparation) -> None:
        """Adds the row, or replaces the one of the same session and name."""

    async def of(self, session: str) -> list[Preparation]:
        """All rows of a session."""


class BlobRows(Rows[Blob], Protocol):
    """Blobs."""

    async def twin(self, storage: str, sha256: str, size: int) -> Blob | None:
        """A blob on a storage with that content, the oldest where there are several."""

    async def unreference(self, now: int) -> None:
        """Notes the time in every blob that has lost its last version since the last call."""

    async def unreferenced(self, before: int, most: int | None = None) -> list[Blob]:
        """The blobs that no version has named since before a time, nor a file of an ACTIVE session or an arrival."""

    async def are_on(self, storage: str) -> bool:
        """Whether there is a blob on a storage."""

    async def known(self, blob_ids: Collection[str]) -> set[str]:
        """Those of the identifiers that are blobs'."""


class TrustedCertificateRows(Rows[TrustedCertificate], Protocol):
    """Trusted certificates."""

    async def all(self) -> list[TrustedCertificate]:
        """All of them."""


class SubscriberRows(Rows[Subscriber], Protocol):
    """Subscriptions of published libraries; those of a library are removed with it."""

    async def of(self, library: str) -> list[Subscriber]:
        """The subscriptions of a library."""


class TokenRows(Protocol):
    """Client tokens."""

    async def find(self, token: Token) -> str | None:
        """The identifier that was created for the token."""

    async def add(self, token: Token, identifier: str, now: int) -> None:
        """Keeps the identifier for the token."""

    async def forget(self, before: int, most: int | None = None) -> int:
        """Drops the tokens of before a time; how many they were."""


class TaskRows(Rows[Task], Protocol):
    """Tasks."""

    async def all(self) -> list[Task]:
        """All tasks."""

    async def of_target(self, target: Target) -> list[Task]:
        """The tasks that work on something."""

    async def waiting(self, kinds: Collection[str], now: int) -> bool:
        """Whether `claim` may find one; asked for in a transaction that only reads, often."""

    async def claim(self, kinds: Collection[str], owner: str, now: int, until: int) -> Task | None:
        """Takes a task that is due or whose owner's lease is over, marks it RUNNING, and answers it; None if there is none.

        The one that has been due for the longest goes first; `attempts` is raised.
        """

    async def let_go(self) -> None:
        """Makes every RUNNING task PENDING again: the server was stopped, nobody is at work on it any more."""

    async def forget(self, before: int) -> None:
        """Removes the tasks that ended before a time."""


class LoginRows(Protocol):
    """Login sessions, by the hash of their token."""

    async def add(self, login: Login) -> None:
        """Adds a login session."""

    async def get(self, token_hash: str) -> Login | None:
        """The login session, or None."""

    async def remove(self, token_hash: str) -> None:
        """Removes the login session."""

    async def of(self, user: str) -> list[Login]:
        """The login sessions of a user, oldest first."""

    async def trim(self, user: str, most: int) -> None:
        """Removes the user's login sessions but the `most` that were touched last."""

    async def forget(self, before: int, most: int | None = None) -> int:
        """Removes the login sessions that were last touched before a time; how many they were."""

    async def count(self) -> int:
        """How many login sessions there are."""


class UserRows(Protocol):
    """Users, by name."""

    async def get(self, name: str) -> User | None:
        """The user, or None; names are compared without regard to case."""

    async def put(self, user: User) -> None:
        """Adds the user, or replaces the one of the same name."""


class StateRows(Protocol):
    """Small values of the server itself, by key."""

    async def get(self, key: str) -> str | None:
        """The value, or None."""

    async def put(self, key: str, value: str) -> None:
        """Sets the value."""

    async def claim(self, job: str, owner: str, now: int, until: int) -> bool:
        """Takes or extends the lease of a job; False while another owner holds it."""

    async def touch(self, touches: Touches) -> None:
        """Notes when sessions and login sessions were last active, never an earlier time, and the progress of files."""

    async def move(self, by: int) -> None:
        """Moves all times by which something ends, is due or is forgotten, by milliseconds that may be negative."""

    async def rest(self, by: int, now: int) -> None:
        """Moves the times at which active update and download sessions were touched, but not beyond now."""


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
    tokens: TokenRows
    tasks: TaskRows
    logins: LoginRows
    users: UserRows
    state: StateRows


class MetadataStore(Protocol):
    """Keeps all rows."""

    def transaction(self, *, durable: bool) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that may write, committed when the block ends and undone when it raises.

        A durable one survives the loss of power once the block has ended, another one only the death of the process.
        """

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that only reads, from one state of all rows; it waits for nobody, and nobody for it."""

    async def ping(self) -> None:
        """Returns when the store answers; raises OSError when it does not."""

    async def close(self) -> None:
        """Lets go of the store; a second time is no error."""


class Stat(NamedTuple):
    """Size in bytes, and a text that changes when somebody writes to the blob."""

    size: int
    mark: str


class Staged(Protocol):
    """The bytes of an upload, aside, open for one writer at a time; a context manager."""

    size: int
    """How many bytes are there."""

    mark: str
    """Is what `stamp` answered last, exactly when no writer of any process has changed the bytes since."""

    def stamp(self) -> str:
        """Gives the bytes a mark that they have as long as they stay as they are."""

    def append(self, data: bytes) -> None:
        """Adds bytes at the end; OSError when the storage is full or broken, and the bytes may be there in part."""

    def empty(self) -> None:
        """Drops all bytes."""

    def drop(self) -> None:
        """Drops the upload, unless it has become a blob or is gone: another one of its name is left alone."""

    def close(self) -> None:
        """Lets go of the upload, after a call that is still at work on it in another thread; a second time is no error."""

    def __enter__(self) -> Staged:
        """Itself."""

    def __exit__(self, *exception: object) -> None:
        """Lets go of the upload."""


class BlobStore(Protocol):
    """Keeps bytes, on one or more storages."""

    boot: str
    """What this run of the machine is called: bytes that were not flushed in another one may be lost."""

    def stage(self, storage: str, upload: str) -> Staged:
        """Opens an upload to append to, made empty if there is none; BlockingIOError while another writer has it open."""

    def staged_size(self, storage: str, upload: str) -> int:
        """How many bytes of an upload are there; 0 if there is none."""

    def staged_bytes(self, storage: str, upload: str) -> Iterator[bytes]:
        """The bytes of an upload, in pieces; FileNotFoundError when there is none."""

    def room(self, storage: str) -> int:
        """How many bytes may still be stored beside what is kept in reserve; not more than 0 where there is no room."""

    def staged_start(self, storage: str, upload: str, most: int) -> bytes:
        """The first bytes of an upload, no more than `most`; empty where there are none."""

    def discard(self, storage: str, upload: str) -> None:
        """Drops an upload; one that is not there is no error."""

    def uploads(self, storage: str) -> list[str]:
        """The names of all uploads."""

    def keep(self, storage: str, upload: str, blob: str) -> str:
        """Makes an upload a blob, at once, instead of a blob of that name if there is one; answers the blob's mark.

        FileNotFoundError when there is no such upload.
        """

    def flush(self, storage: str, blob: str) -> None:
        """Returns when a blob's bytes survive the loss of power; FileNotFoundError when they are gone.

        Any other OSError means that they may be lost: then they are dropped, and have to be sent again.
        """

    def stat(self, storage: str, blob: str) -> Stat | None:
        """Size and mark of a blob, cheaply; None when its bytes are gone, OSError when they cannot be read."""

    def read(self, storage: str, blob: str) -> Iterator[bytes]:
        """The bytes of a blob, in pieces; FileNotFoundError when they are gone."""

    def remove(self, storage: str, blob: str) -> None:
        """Drops a blob; one that is not there is no error."""

    def blobs(self, storage: str) -> Iterator[str]:
        """The names of all blobs."""


class Stray(NamedTuple):
    """A blob that no row names, and since when it is set aside, in milliseconds."""

    blob: str
    since: int


class Strays(Protocol):
    """A blob store that sets blobs without a row aside before it removes them: the database may be an older copy.

    It also keeps the number of the last sweep. One that is higher than the database's tells that the database is older than
    what is stored.
    """

    def set_aside(self, storage: str, blob: str, now: int) -> None:
        """Takes a blob out of the way; one that is not there is no error."""

    def strays(self, storage: str) -> list[Stray]:
        """All blobs that were set aside."""

    def take_back(self, storage: str, stray: Stray) -> None:
        """Makes a stray a blob again; one that is not there is no error."""

    def remove_stray(self, storage: str, stray: Stray) -> None:
        """Drops a stray; one that is not there is no error."""

    def sweep(self, storage: str) -> int:
        """The number of the last sweep; 0 before the first one."""

    def note_sweep(self, storage: str, number: int) -> None:
        """Writes the number of a sweep."""


class Descriptions(Protocol):
    """A blob store that can keep, beside the bytes, a text that says what they are."""

    def describe(self, storage: str, item: str, version: str, content: bytes) -> None:
        """Writes the text of a content version, or replaces it, so that it survives the loss of power."""

    def described(self, storage: str) -> Iterator[tuple[str, str]]:
        """Item and version of all texts."""

    def undescribe(self, storage: str, item: str, version: str) -> None:
        """Drops the text of a content version; one that is not there is no error."""


class LocalFiles(Protocol):
    """A blob store whose blobs are files of this machine."""

    def path(self, storage: str, blob: str) -> Path:
        """Where the blob is."""

    def staged_path(self, storage: str, upload: str) -> Path:
        """Where the bytes of an upload are, while it is one."""


class FileBlobStore(BlobStore, Strays, Descriptions, LocalFiles, Protocol):
    """A blob store with all abilities."""

    def ping(self, storage: str | None = None) -> None:
        """Returns when a storage, or every one, can be written; OSError, naming the storage, when one cannot."""

    def probe(self, storage: str) -> None:
        """Returns when a storage has done something with a file of its own; OSError when it has refused."""


class Addresses(Protocol):
    """Makes the addresses at which bytes come and go: paths on this server, percent-encoded.

    Those of uploads and downloads are unguessable and are themselves the credential; those of content want a login session.
    """

    def upload(self, file: UpdateFile) -> str:
        """Where the bytes of a pushed file of an update session are sent to."""

    def download(self, session_id: str, position: int, name: str) -> str:
        """Where the file at a place of a download session's content version is read from."""

    def content(self, library_id: str, item_id: str, name: str, revision: int) -> str:
        """Where a file of an item is read from without a download session, as long as it has that revision."""


class Sealing(Protocol):
    """Keeps what must be read again, but not by whoever gets hold of the database alone."""

    def seal(self, text: str) -> str:
        """The text, sealed."""

    def open(self, sealed: str) -> str:
        """The text that was sealed; OSError when its key is gone or is another one."""


class PasswordHasher(Protocol):
    """Hashes passwords, slowly, without blocking the caller's loop."""

    async def hash(self, password: str) -> str:
        """The hash of a password, with salt and parameters."""

    async def verify(self, hashed: str, password: str) -> bool:
        """Whether the password is the one that was hashed."""
