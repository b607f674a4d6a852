"""Defines the settings, and reads them from their sources.

A value comes from the command line, a `CONTENTLIB_*` variable, the TOML file or the default, in this order.
An invalid configuration is rejected with all errors at once.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import os
import re
import ssl
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails, PydanticUndefined

from contentlib.settings import ldap, sign_on
from contentlib.settings.ldap import LdapProvider
from contentlib.settings.sign_on import OidcProvider, WorkloadRule

PREFIX = "CONTENTLIB_"
_PATH = re.compile(r"[A-Za-z0-9._~/-]*")
_HOST_PATTERN = re.compile(r"(?=.*[A-Za-z*])[A-Za-z0-9*?._-]{1,255}")  # only digits and dots: a malformed network, not a host
_PASSWORDS = re.compile(r"(://[^/?@:]*:)[^/?]*(?=@)|([?&]password=)[^&]+")  # in the URL of a database
_CENTURY = 100 * 365 * 86_400  # seconds; later dates cannot be represented
_SECRETS = ("admin_password", "audit_webhook_token", "database", "outbound_proxy", "ldap", "oidc")
DEFAULT_FILE = Path("contentlib.toml")
MASK = "********"


class ConfigurationError(Exception):
    """An invalid configuration; each of `faults` starts with the name of its setting."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


_ENDPOINT = r"^https?://[^\s/?#]+/?$"
_OF_BUCKETS = (
    "endpoint",
    "region",
    "path_style",
    "credentials",
    "ca_bundle",
    "redirect",
    "redirect_endpoint",
    "cache",
    "cache_bytes",
)


class Storage(BaseModel):
    """A directory or a prefix of an S3 bucket for the content of files; the backing of a library refers to it by its id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    path: Path | None = None
    reserve: Annotated[str, Field(pattern=r"^([0-9]{1,18}|[0-9]{1,2}%)$")] | None = None
    url: Annotated[str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]{1,100}){0,8}/?$")] | None = None
    endpoint: Annotated[str, Field(pattern=_ENDPOINT)] | None = None
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    path_style: bool = False
    credentials: Path | None = None
    ca_bundle: Path | None = None
    redirect: bool = False
    redirect_endpoint: Annotated[str, Field(pattern=_ENDPOINT)] | None = None
    cache: Path | None = None
    cache_bytes: Annotated[int, Field(ge=64 << 20, le=1 << 60)] = 10 << 30

    @model_validator(mode="after")
    def _one_kind(self) -> Storage:
        """Checks that it is either a directory or a bucket, and has no setting of the other kind."""
        if (self.path is None) == (self.url is None):
            raise ValueError("requires either path or url")
        others = _OF_BUCKETS if self.url is None else ("reserve",)
        if wrong := [name for name in others if name in self.model_fields_set]:
            raise ValueError(f"{wrong[0]} is not allowed with {'path' if self.url is None else 'url'}")
        if self.redirect_endpoint is not None and not self.redirect:
            raise ValueError("redirect_endpoint requires redirect = true")
        if self.cache is None and "cache_bytes" in self.model_fields_set:
            raise ValueError("cache_bytes requires cache")
        return self

    @property
    def place(self) -> str:
        """Where it is."""
        return str(self.path) if self.url is None else self.url.rstrip("/")

    @field_validator("reserve", mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        """A number of bytes may be written without quotes."""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _processors() -> int:
    """The number of processors that the server may use, at most 8."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 8)


def _default_storage(earlier: dict[str, Any]) -> tuple[Storage, ...]:
    return (Storage(id="datastore-1", name="default", path=earlier["data_dir"] / "storage"),)


class Settings(BaseModel):
    """All settings, each validated separately; `load` also checks combinations and the machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    data_dir: Path = Field(
        default=Path("var"),
        description="Directory of the database, the server's certificate and, unless `storage` is set, the content of files. "
        "It is created with mode 0700. Only one server at a time can use it.",
    )
    listen: str = Field(
        default="127.0.0.1:8443",
        description="HOST:PORT to listen on; IPv6 addresses in brackets. Port 0 selects a free port, printed as `listening on "
        "URL`. `0.0.0.0` and `[::]` listen on all addresses.",
    )
    tls: bool = Field(
        default=True,
        description="Serve HTTPS with TLS 1.2 or later. Without TLS, passwords and content are not encrypted, so plain HTTP is "
        "only allowed on loopback addresses.",
    )
    tls_certificate: Path | None = Field(
        default=None,
        description="PEM file with the certificate, followed by its chain. If it is not set, the first start creates a "
        "self-signed certificate in `<data_dir>/tls` that is valid for ten years.",
    )
    tls_key: Path | None = Field(
        default=None,
        description="PEM file with the private key of the certificate, without a passphrase. Required if `tls_certificate` is "
        "set, and only allowed then.",
    )
    allow_plain_http_off_loopback: bool = Field(
        default=False,
        description="Allow plain HTTP on addresses other than loopback, for a server behind a TLS proxy. Anyone who can "
        "observe the traffic to the port can read passwords.",
    )
    workers: int = Field(
        default_factory=_processors,
        ge=1,
        le=256,
        description="Number of processes that answer requests. More than one per processor does not help; each uses memory of "
        "its own.",
    )
    public_url: str | None = Field(
        default=None,
        description="SCHEME://HOST[:PORT][/PATH] of the server as clients reach it; the URLs given to clients start with it. "
        "If it is not set, they use the host of the client's request, which is wrong behind a proxy that changes "
        "it. A path is a prefix that the proxy strips.",
    )
    admin_name: str = Field(
        default="administrator@vsphere.local",
        min_length=1,
        max_length=255,
        description="Name of the administrator that the first start creates. A later change does not rename it. Clients can "
        "omit the domain or write `DOMAIN\\name`.",
    )
    admin_password: SecretStr | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        description="Password of the administrator that the first start creates. If it is not set, the server generates one "
        "and prints it once.",
    )
    session_idle_seconds: int = Field(
        default=1800,
        ge=1,
        le=_CENTURY,
        description="A login session ends after this time without a call and without a byte on its transfers.",
    )
    sessions_per_user: int = Field(
        default=1000,
        ge=1,
        description="Maximum number of login sessions of a user. Another login ends the least recently used session.",
    )
    password_length: int = Field(
        default=12,
        ge=1,
        le=1024,
        description="Characters that a new password of a user must have at least. Passwords that are there stay.",
    )
    breached_passwords: Path | None = Field(
        default=None,
        description="File of passwords that no user may choose: in each line a password, or the SHA-1 of one in hexadecimal "
        "digits, as the lists of known breaches have them.",
    )
    lease_seconds: int = Field(
        default=300,
        ge=1,
        le=_CENTURY,
        description="An update or download session is canceled after this time without a call and without a byte on its "
        "transfer URLs.",
    )
    task_lease_seconds: int = Field(
        default=30,
        ge=3,
        le=_CENTURY,
        description="Time after which another worker takes over the tasks of a worker that was killed. Each running task "
        "writes to the database once per third of this time, or every two seconds.",
    )
    swept_after_seconds: int = Field(
        default=86400,
        ge=0,
        le=_CENTURY,
        description="Time for which an ended session can still be read. Then it is deleted.",
    )
    body_limit_bytes: int = Field(
        default=4 * 1024 * 1024,
        ge=1024,
        description="Maximum size of the body of an API call. Larger calls are rejected. Uploads have their own limit.",
    )
    check_answers: bool = Field(
        default=False,
        description="Compare each response with its declared type before it is sent, and fail the call if they differ. For "
        "tests against this server.",
    )
    strict: bool = Field(
        default=False,
        description="Reject fields in JSON bodies of `/api` that the API does not declare, as vCenter 9 does. By default they "
        "are ignored, as in earlier versions. Use it to test a client.",
    )
    trash_seconds: int = Field(
        default=604800,
        ge=0,
        le=_CENTURY,
        description="Time for which deleted libraries and items can be restored. 0 disables the trash.",
    )
    versions_kept: int = Field(
        default=3,
        ge=1,
        description="Number of content versions kept for each item. Older versions are deleted together with their files.",
    )
    versions_kept_seconds: int = Field(
        default=0,
        ge=0,
        le=_CENTURY,
        description="A content version is deleted this long after it was replaced, even if `versions_kept` would keep it. 0 "
        "means no limit.",
    )
    collect_grace_seconds: int = Field(
        default=3600,
        ge=1,
        le=_CENTURY,
        description="Time for which the bytes of a file stay on disk after the last reference to them is gone.",
    )
    strays_kept_seconds: int = Field(
        default=604800,
        ge=1,
        le=_CENTURY,
        description="Files in a storage that the database does not know are set aside and removed after this time. Until then, "
        "restoring a database that knows them brings them back.",
    )
    shutdown_seconds: int = Field(
        default=30,
        ge=1,
        le=_CENTURY,
        description="Time that running requests have to finish after SIGTERM or SIGINT. Then they are cut off.",
    )
    drain_seconds: float = Field(
        default=0,
        ge=0,
        le=3600,
        description="Time after SIGTERM or SIGINT in which the server still answers requests, while `/readyz` answers `503`, "
        "so that a load balancer takes it out. Running requests have `shutdown_seconds` after that. "
        "A second signal ends the server at once.",
    )
    upload_limit_bytes: int = Field(
        default=0,
        ge=0,
        description="Maximum size of an uploaded file. Larger files are rejected. 0 means no limit other than the disk.",
    )
    storage_reserve_bytes: int = Field(
        default=256 << 20,
        ge=0,
        description="Bytes of a storage's disk that are kept free of content, so that the database and delete operations "
        "always have space; at most 1/20 of the disk. Uploads, fetches and copies that need more than the rest are refused. A "
        "storage with its own `reserve`, in bytes or as a percentage of the disk, has that instead, however large.",
    )
    s3_parts: int = Field(
        default=16,
        ge=1,
        le=256,
        description="Parts of uploads that each process sends to an S3 storage at a time. A part has 8 MiB, which it has in "
        "memory, and up to 64 MiB in very large files; then it counts as several.",
    )
    expensive_calls_per_minute: int = Field(
        default=3000,
        ge=0,
        le=1_000_000,
        description="Calls per minute and user of operations that fetch from elsewhere, copy content, hash passwords or start "
        "tasks; as many at once. Further ones fail with 429 and Retry-After. All workers of a machine count together, and "
        "machines have equal parts. 0 means no limit.",
    )
    transfers_per_user: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Uploads and downloads of one user at the same time. Further ones fail with 429 and Retry-After. All "
        "workers of a machine count together, and machines have equal parts. 0 means no limit.",
    )
    session_files_limit: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="Maximum number of files in an update session, and in an OVA. Further files are rejected.",
    )
    strict_packages: bool = Field(
        default=False,
        description="Reject OVF packages with a file whose size differs from the `ovf:size` in the descriptor, or that the "
        "descriptor does not reference. By default both are warnings, which are logged and kept with the content "
        "version.",
    )
    published_version_floor: int = Field(
        default=0,
        ge=0,
        description="Added to every version and generation number that subscribers of published libraries see. These numbers "
        "must never decrease: after a restore from a backup, increase this by at least the number of changes that "
        "were lost.",
    )
    subscribed_items_limit: int = Field(
        default=100_000,
        ge=1,
        description="Maximum number of items in a publisher's library. A larger library is not synchronized or adopted, and an "
        "error is reported. An item without files takes about 2 KB on disk.",
    )
    published_lists_bytes: int = Field(
        default=256 << 20,
        ge=0,
        description="Memory that each worker may use to cache the item lists of published libraries, about 1,000 bytes per "
        "item. A list that does not fit is generated for every request.",
    )
    outbound_allow: tuple[str, ...] = Field(
        default=(),
        description="Networks (`127.0.0.0/8`) and host patterns (`*.example.org`) that the server may fetch from even though "
        "they are loopback, link-local, cloud metadata or its own addresses. All other addresses, including "
        "private networks, are allowed unless denied. In the environment: a JSON list.",
    )
    outbound_deny: tuple[str, ...] = Field(
        default=(),
        description="Networks and host patterns that the server never fetches from, checked after name resolution and at each "
        "redirect. Overrides `outbound_allow`. In the environment: a JSON list.",
    )
    outbound_proxy: SecretStr | None = Field(
        default=None,
        description="SCHEME://[NAME:PASSWORD@]HOST[:PORT] of the HTTP proxy for fetching. The proxy resolves names, so "
        "networks in the lists above are only compared with literal IP addresses.",
    )
    outbound_ca_bundle: Path | None = Field(
        default=None,
        description="PEM file of certificates that are trusted, in addition to the system's, when the server fetches over "
        "HTTPS.",
    )
    import_roots: tuple[Path, ...] = Field(
        default=(),
        description="Directories from which files can be imported by `file:` and `ds:` URLs, by users with the privilege "
        "ContentLibrary.ImportStorage. In the environment: a JSON list.",
    )
    unique_library_names: bool = Field(
        default=True,
        description="Reject creating, renaming, restoring or importing a library if another library has the same name, "
        "ignoring case. Existing duplicates are kept. vCenter allows duplicates, but clients that find libraries "
        "by name then fail.",
    )
    sync_wait_seconds: int = Field(
        default=5,
        ge=0,
        le=60,
        description="Maximum time that a call to synchronize a subscribed library or item waits for the sync to end. After "
        "that the call returns and the sync continues as a task.",
    )
    autocomplete_pulls_seconds: int = Field(
        default=15,
        ge=0,
        le=_CENTURY,
        description="An update session in which the server fetches all files completes automatically once its client has only "
        "polled its state for this time, at least every 30 seconds, as Terraform does. A session is never "
        "completed if its client stops polling. 0 disables this.",
    )
    datacenter_name: str = Field(
        default="Datacenter",
        min_length=1,
        max_length=80,
        description="Name of the only datacenter in the inventory. It contains a datastore for each storage.",
    )
    product_name: str = Field(
        default="VMware vCenter Server",
        min_length=1,
        description="Product name in `about.name` of the SOAP interface. Terraform's provider only works with the default.",
    )
    product_version: str = Field(
        default="8.0.3",
        pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$",
        description="vCenter version that the server reports. Clients use it to decide which features to call.",
    )
    product_build: str = Field(
        default="24322831",
        pattern=r"^[0-9]+$",
        description="vCenter build number that the server reports.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level of events that are logged to standard error."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="`text` for people, or `json` for one JSON object per line."
    )
    storage: tuple[Storage, ...] = Field(
        default_factory=_default_storage,
        description='`[[storage]]` tables with `id`, `name` and either `path` and, optionally, `reserve` (`"10%"` or bytes), '
        "or `url` of an S3 bucket with the settings of [S3 storages](s3-storages.md): where content is stored. Libraries "
        "created without a storage backing use the first one. In the environment: a JSON list.",
    )
    ldap: tuple[LdapProvider, ...] = Field(
        default=(),
        description="`[[ldap]]` tables of directories whose users can log in, described in [Active Directory and "
        "LDAP](active-directory.md). In the environment: a JSON list.",
    )

    database: str | None = Field(
        default=None,
        description="PostgreSQL database, as `postgresql://USER:PASSWORD@HOST[:PORT]/NAME` with the options of libpq, or the "
        "path of a SQLite file. If it is not set, the server uses `<data_dir>/contentlib.db`.",
    )
    database_connections: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="PostgreSQL only: maximum number of connections of each worker for reading. Another one is for writing.",
    )
    database_wait_seconds: float = Field(
        default=5.0,
        ge=0,
        le=300,
        description="PostgreSQL only: how long a request waits for a connection when the database is not available. Then it is "
        "answered with 503.",
    )
    database_statement_seconds: float = Field(
        default=60.0, ge=1, le=86_400, description="PostgreSQL only: the database cancels a statement after this time."
    )
    node_name: str | None = Field(
        default=None,
        max_length=80,
        description="PostgreSQL only: name of this server in `contentlib nodes`. If it is not set, the name of the machine.",
    )
    node_lease_seconds: float = Field(
        default=10.0,
        ge=1,
        le=300,
        description="PostgreSQL only: after this time without a heartbeat of a server, the others take over its work.",
    )
    keys_dir: Path | None = Field(
        default=None,
        description="Directory of the keys `transfer.key`, `sealing.key` and `sign-on.key`, which all servers of a database "
        "must share. If it is not set, `data_dir`.",
    )

    audit_kept_seconds: int = Field(
        default=0,
        ge=0,
        le=_CENTURY,
        description="Time for which entries of the audit log are kept. 0 means for ever.",
    )
    audit_file: Path | None = Field(
        default=None,
        description="File that entries of the audit log are appended to as JSON lines. It can be rotated at any time.",
    )
    audit_syslog: str | None = Field(
        default=None,
        pattern=r"^((udp|tcp)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}|unix:/.+)$",
        description="Syslog server that entries of the audit log are sent to (RFC 5424): `udp://HOST:PORT`, `tcp://HOST:PORT` "
        "or `unix:PATH`. The connection is not encrypted.",
    )
    audit_webhook: str | None = Field(
        default=None,
        pattern=r"^https?://.+$",
        description="URL that entries of the audit log are posted to as JSON lines. The rules for outbound requests apply.",
    )
    audit_webhook_token: SecretStr | None = Field(
        default=None,
        description="Token that is sent to `audit_webhook` as `Authorization: Bearer`.",
    )
    oidc: tuple[OidcProvider, ...] = Field(
        default=(),
        description="`[[oidc]]` tables of OpenID Connect providers, described in [single sign-on](single-sign-on.md). In the "
        "environment: a JSON list.",
    )
    workload: tuple[WorkloadRule, ...] = Field(
        default=(),
        description="`[[workload]]` tables that give pipelines with a token of GitHub, GitLab or Kubernetes a role on a "
        "library, described in [single sign-on](single-sign-on.md). In the environment: a JSON list.",
    )

    @property
    def database_url(self) -> str | None:
        """The URL of a PostgreSQL database; None for a SQLite file."""
        return self.database if self.database is not None and "://" in self.database else None

    @property
    def database_file(self) -> Path:
        """The SQLite file, unless there is a URL."""
        return self.data_dir / "contentlib.db" if self.database is None or self.database_url else Path(self.database)

    @property
    def keys(self) -> Path:
        """The directory of the keys."""
        return self.keys_dir or self.data_dir

    @property
    def sealing_key(self) -> Path:
        """The file of the keys that encrypt secrets in the database."""
        return self.keys / "sealing.key"

    @field_validator("storage", "outbound_allow", "outbound_deny", "import_roots", "ldap", "oidc", "workload", mode="before")
    @classmethod
    def _read_list(cls, value: object) -> object:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError as error:
            raise ValueError(f"is not JSON: {error}") from error

    @field_validator("listen")
    @classmethod
    def _check_listen(cls, value: str) -> str:
        address(value)
        return value

    @field_validator("outbound_allow", "outbound_deny")
    @classmethod
    def _check_rules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for rule in value:
            _check_rule(rule)
        return value

    @field_validator("outbound_proxy")
    @classmethod
    def _check_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _check_proxy(value.get_secret_value())
        return value

    @field_validator("database")
    @classmethod
    def _check_database(cls, value: str | None) -> str | None:
        if value is not None:
            _check_database(value)
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        return None if value is None else _public(value)

    @field_validator("admin_name")
    @classmethod
    def _check_admin_name(cls, value: str) -> str:
        if ":" in value or not value.isprintable():
            raise ValueError("a name holds neither colons nor control characters")
        return value

    def come_from(self, sources: Mapping[str, str]) -> None:
        """Notes where the values came from that are not defaults."""
        self._sources.update({name: source for name, source in sources.items() if source != "default"})

    def source(self, name: str) -> str:
        """Where the value of a setting came from."""
        return self._sources.get(name, "default")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and for each name where its value came from."""

    settings: Settings
    sources: dict[str, str]


def address(listen: str) -> tuple[str, int]:
    """Host, without brackets, and port of HOST:PORT; raises ValueError when it is something else."""
    host, colon, port = listen.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not colon or not host or (":" in host) != bracketed or not (port.isascii() and port.isdecimal()):
        raise ValueError("is HOST:PORT, an IPv6 address in brackets")
    if int(port) > 65535:
        raise ValueError("a port is a number from 0 to 65535")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether a host name or address surely is this machine's own loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def load(config: Path | None = None, overrides: Mapping[str, object] | None = None) -> Loaded:
    """Joins command line, environment, file and defaults; raises ConfigurationError with all faults at once."""
    faults: list[str] = []
    path = config or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    layers = [
        _layer(_read_file(path, faults), lambda _: f"file {path}"),
        _layer(_read_environment(faults), lambda name: f"environment {PREFIX}{name.upper()}"),
        _layer(overrides or {}, lambda _: "command line"),
    ]
    values = {name: found for layer in layers for name, found in layer.items()}
    settings = _validate({name: value for name, (value, _) in values.items()}, faults)
    if settings is None or faults:
        raise ConfigurationError(faults)
    sources = {name: values[name][1] if name in values else "default" for name in Settings.model_fields}
    settings.come_from(sources)
    return Loaded(settings, sources)


def rows() -> list[tuple[str, str, str, str]]:
    """Name, type, default and help of every setting, as text."""
    fields = Settings.model_fields.items()
    return [(name, _type_name(field.annotation), _default(name), field.description or "") for name, field in fields]


def shown_value(value: object) -> str:
    """A value as text for people; a secret is masked."""
    if value is None:
        return "not set"
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(_place, value)) or "none"
    return _PASSWORDS.sub(rf"\g<1>\g<2>{MASK}", str(value))


def _place(value: object) -> str:
    if isinstance(value, LdapProvider):
        return f"{value.name} ({', '.join(value.urls)})"
    if isinstance(value, OidcProvider | WorkloadRule):
        return f"{value.name} ({value.issuer})"
    return f"{value.id} ({value.name}) in {value.place}" if isinstance(value, Storage) else str(value)


_TOLD = {"path_type": "is a path", "missing": "is required"}
_COMPUTED = {
    "storage": "one: `datastore-1` (default) in `<data_dir>/storage`",
    "workers": "number of processors, at most `8`",
}
_FOLLOWS = "default_factory_not_called"  # the default storage is missing because the data directory is
_Sourced = dict[str, tuple[object, str]]


def _layer(values: Mapping[str, object], source: Callable[[str], str]) -> _Sourced:
    return {name: (value, source(name)) for name, value in values.items()}


def _read_file(path: Path | None, faults: list[str]) -> dict[str, object]:
    if path is None:
        return {}
    try:
        if path.is_fifo() and not path.is_relative_to("/dev/fd"):  # a `<(…)` of a shell has a writer
            faults.append(f"config: {path} is a pipe, not a regular file")
            return {}
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        faults.append(f"config: {path} cannot be read: {error.strerror}")
    except ValueError as error:  # TOML's own errors and those of UTF-8
        faults.append(f"config: {path} is not TOML: {error}")
    return {}


def _read_environment(faults: list[str]) -> dict[str, object]:
    upper = {name.upper(): value for name, value in os.environ.items()}
    given = {name.removeprefix(PREFIX).lower(): value for name, value in upper.items() if name.startswith(PREFIX)}
    unknown = [name for name in given if name not in Settings.model_fields]
    faults.extend(f"{name}: {PREFIX}{name.upper()} is not the variable of a setting{_meant(name)}" for name in unknown)
    return {name: value for name, value in given.items() if value and name not in unknown}


def _validate(values: dict[str, object], faults: list[str]) -> Settings | None:
    """Checks each value, then what the good ones must be to one another, so that no fault hides another."""
    bad: set[str] = set()
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        found = error.errors()
        faults.extend(_fault(each) for each in found if each["type"] != _FOLLOWS)
        bad = {str(each["loc"][0]) for each in found}
        settings = Settings.model_validate({name: value for name, value in values.items() if name not in bad})
    for names, rule in _RULES:
        if bad.isdisjoint(names):
            faults.extend(rule(settings))
    return settings


def _fault(error: ErrorDetails) -> str:
    setting, *inner = error["loc"]
    place = str(setting) + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in inner)
    if error["type"] == "extra_forbidden":
        return f"{place}: is not a setting{'' if inner else _meant(str(setting))}"
    has_input = error["type"] != "missing" and setting not in _SECRETS and not isinstance(error["input"], dict)
    return f"{place}: {_told(error)}" + (f", not {error['input']!r}" if has_input else "")


def _told(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] in _TOLD:
        return _TOLD[error["type"]]
    return error["msg"].removeprefix("Input ").removeprefix("String ")


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, Settings.model_fields, n=1)
    return f"; {close[0]} is" if close else ""


def _public(url: str) -> str:
    parts = urlsplit(url)
    more = parts.query or parts.fragment or parts.username or parts.password or not _PATH.fullmatch(parts.path)
    if parts.scheme not in ("http", "https") or not parts.hostname or more or parts.port == 0:
        raise ValueError("is SCHEME://HOST[:PORT][/PATH] with the scheme http or https")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _check_proxy(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("is SCHEME://[NAME:PASSWORD@]HOST[:PORT] with the scheme http or https")


def _check_database(place: str) -> None:
    scheme, given, _ = place.partition("://")
    if given and scheme not in ("postgresql", "postgres"):
        raise ValueError("is postgresql://[USER[:PASSWORD]@][HOST[:PORT][,…]]/NAME[?OPTION=VALUE…], or the path of a file")
    if not place or (place.endswith("/") and not given):
        raise ValueError("is the URL of a database, or the path of a file")


def _check_rule(rule: str) -> None:
    """A network, an address, or a pattern of a host's name."""
    try:
        ipaddress.ip_network(rule.strip("[]"), strict=False)
    except ValueError:
        if not _HOST_PATTERN.fullmatch(rule):
            raise ValueError(f"{rule!r} is neither a network nor a host pattern such as *.example.org") from None


def _plain_http(settings: Settings) -> Iterator[str]:
    host, _ = address(settings.listen)
    if not settings.tls and not settings.allow_plain_http_off_loopback and not is_loopback(host):
        yield f"tls: plain HTTP on {host}, which is not loopback, is refused unless allow_plain_http_off_loopback is set"


def _certificate(settings: Settings) -> Iterator[str]:
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate and not key:
        yield "tls_key: is not set, but tls_certificate is"
    if key and not certificate:
        yield "tls_certificate: is not set, but tls_key is"
    unreadable = [*_unreadable("tls_certificate", certificate), *_unreadable("tls_key", key)]
    yield from unreadable
    if certificate and key and not unreadable:
        yield from _unfit(certificate, key)


def _unreadable(name: str, path: Path | None) -> Iterator[str]:
    if path is None:
        return
    try:
        if not path.is_file() and path.exists():  # a pipe would be waited for
            yield f"{name}: {path} is not a regular file"
        else:
            path.open("rb").close()
    except OSError as error:
        yield f"{name}: {path} cannot be read: {error.strerror}"


def _unfit(certificate: Path, key: Path) -> Iterator[str]:
    try:
        # The empty passphrase keeps OpenSSL from asking for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        yield f"tls_certificate: {certificate} and tls_key {key} are not a certificate and its key: {reason}"


def _outbound(settings: Settings) -> Iterator[str]:
    bundle = settings.outbound_ca_bundle
    unreadable = [*_unreadable("outbound_ca_bundle", bundle)]
    yield from unreadable
    if bundle is not None and not unreadable:
        try:
            ssl.create_default_context().load_verify_locations(bundle)
        except (ssl.SSLError, OSError) as error:
            yield f"outbound_ca_bundle: {bundle} contains no certificates: {getattr(error, 'reason', None) or error}"
    for root in settings.import_roots:
        if not root.is_dir():
            yield f"import_roots: {root} is not a directory"


def _storages(settings: Settings) -> Iterator[str]:
    if not settings.storage:
        yield "storage: at least one is needed"
    yield from _repeated("id", (place.id for place in settings.storage))
    yield from _repeated("path", (str(place.path.resolve()) for place in settings.storage if place.path is not None))
    buckets = [(place.endpoint, place.place) for place in settings.storage if place.url is not None]
    yield from _repeated("url", (url for endpoint in dict(buckets) for at, url in buckets if at == endpoint))
    given = settings.storage if "storage" in settings.model_fields_set else ()
    for place in given:
        if place.path is not None:
            yield from _uncreatable("storage", place.path)
        if place.cache is not None:
            yield from _uncreatable("storage", place.cache)
        for name, file in (("credentials", place.credentials), ("ca_bundle", place.ca_bundle)):
            if file is not None and not file.is_file():
                yield f"storage: {name} {file} of {place.id} is not a file"


def _repeated(what: str, values: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield f"storage: the {what} {value} is given twice"
        seen.add(value)


def _data_dir(settings: Settings) -> Iterator[str]:
    yield from _uncreatable("data_dir", settings.data_dir)


def _uncreatable(name: str, path: Path) -> Iterator[str]:
    existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    if not existing.is_dir():
        yield f"{name}: {existing} is not a directory"
    elif not os.access(existing, os.W_OK | os.X_OK):
        yield f"{name}: {existing} is not writable"


_RULES: tuple[tuple[tuple[str, ...], Callable[[Settings], Iterable[str]]], ...] = (
    (("listen", "tls", "allow_plain_http_off_loopback"), _plain_http),
    (("tls_certificate", "tls_key"), _certificate),
    (("outbound_ca_bundle", "import_roots"), _outbound),
    (("data_dir",), _data_dir),
    (("data_dir", "storage"), _storages),
    (("ldap",), ldap.directory_faults),
    (("oidc", "workload"), sign_on.sign_on_faults),
)

_TYPE_NAMES = {Path: "path", bool: "true or false", int: "integer", str: "text", SecretStr: "secret text"}


def _type_name(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) is tuple and get_args(annotation)[0] in _TYPE_NAMES:
        return f"list of {_TYPE_NAMES[get_args(annotation)[0]]}s"
    known = (annotation, *get_args(annotation))
    return next((_TYPE_NAMES[each] for each in known if each in _TYPE_NAMES), "list of tables")


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    return _COMPUTED[name] if default is PydanticUndefined else shown_value(default)
