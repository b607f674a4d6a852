"""Defines the settings of OpenID Connect providers and of workload rules: the tables `[[oidc]]` and `[[workload]]`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"
_DOMAIN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$"
_SECRET_BYTES = 4096
_Name = Annotated[str, Field(pattern=_NAME)]
_Text = Annotated[str, Field(min_length=1, max_length=1024)]


class _Issuer(BaseModel):
    """Where tokens come from, and how its keys are found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name
    issuer: _Text
    ca_file: Path | None = None
    insecure_loopback: bool = False

    @model_validator(mode="after")
    def _check_issuer(self) -> Any:
        check_url(self.issuer, insecure_loopback=self.insecure_loopback)
        return self


class OidcProvider(_Issuer):
    """A provider where people log in; `audience` is what its access tokens must be made for."""

    client_id: _Text
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    device_client_id: _Text | None = None
    scopes: tuple[_Text, ...] = ("openid", "profile", "email")
    audience: tuple[_Text, ...] = ()
    name_claim: _Text = "preferred_username"
    groups_claim: _Text = "groups"
    domain: Annotated[str, Field(pattern=_DOMAIN)] | None = None

    @field_validator("scopes")
    @classmethod
    def _check_scopes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("must contain openid")
        if any(not each.isascii() or any(sign in each for sign in ' "\\') for each in value):
            raise ValueError("must be a list of scopes without spaces and quotes")
        return value

    @model_validator(mode="after")
    def _check_secret(self) -> Any:
        if self.client_secret is not None and self.client_secret_file is not None:
            raise ValueError("client_secret and client_secret_file cannot both be set")
        return self

    def device_client(self) -> str | None:
        """The public client that may use device codes; None if there is none."""
        public = self.client_secret is None and self.client_secret_file is None
        return self.device_client_id or (self.client_id if public else None)

    def secret(self) -> str | None:
        """The client's secret; None for a public client. Raises OSError if its file cannot be read."""
        if self.client_secret is not None:
            return self.client_secret.get_secret_value()
        if self.client_secret_file is None:
            return None
        with self.client_secret_file.open("rb") as file:
            return file.read(_SECRET_BYTES).decode("utf-8", "replace").strip()


class WorkloadRule(_Issuer):
    """What the claims of a pipeline's token must be, and the role that the pipeline has then; `library` is an id, or * for all.

    `*` in a claim stands for any characters. `keys_file` is a JWK set, for an issuer that cannot be reached.
    """

    audience: _Text
    claims: dict[_Text, _Text]
    role: _Text
    library: _Text
    keys_file: Path | None = None

    @field_validator("claims")
    @classmethod
    def _check_claims(cls, value: dict[str, str]) -> dict[str, str]:
        if not any(each.strip("*") for each in value.values()):
            raise ValueError("must contain a claim with other characters than *: anyone could have such a token")
        return value


def check_url(url: str, *, insecure_loopback: bool, query: bool = False) -> None:
    """ValueError unless a URL is https, or plain http to a loopback address where that is allowed."""
    parts = urlsplit(url)
    plain = parts.scheme == "http" and insecure_loopback and _is_loopback(parts.hostname or "")
    if (
        not (parts.scheme == "https" or plain)
        or not parts.hostname
        or parts.username
        or (parts.query and not query)
        or parts.fragment
    ):
        raise ValueError("must be an https URL without credentials, query and fragment")


def _is_loopback(host: str) -> bool:
    """Whether a host is written as a loopback address of this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Tables(Protocol):
    @property
    def oidc(self) -> tuple[OidcProvider, ...]: ...
    @property
    def workload(self) -> tuple[WorkloadRule, ...]: ...


def sign_on_faults(settings: _Tables) -> Iterator[str]:
    """What is wrong with the tables together, and with the files that they name."""
    for table, rules in (("oidc", settings.oidc), ("workload", settings.workload)):
        seen: set[str] = set()
        for each in rules:
            if each.name in seen:
                yield f"{table}: the name {each.name} is given twice"
            seen.add(each.name)
            for field in ("ca_file", "client_secret_file", "keys_file"):
                yield from _unreadable(f"{table}: {field} of {each.name}", getattr(each, field, None))
    issuers = [each.issuer for each in settings.oidc]
    for issuer in sorted({each for each in issuers if issuers.count(each) > 1}):
        yield f"oidc: the issuer {issuer} is given twice"


def _unreadable(what: str, path: Path | None) -> Iterator[str]:
    if path is None:
        return
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            yield f"{what}: {path} is not a regular file"
        else:
            path.open("rb").close()
    except OSError as error:
        yield f"{what}: {path} cannot be read: {error.strerror}"
