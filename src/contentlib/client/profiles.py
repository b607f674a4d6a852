"""Keeps the servers that a user has logged in to in a private file, and their secrets there or in the keyring of the system."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from contentlib.client import keyrings
from contentlib.client.failures import ClientFailed

DEFAULT = "default"
_OTHERS = 0o077


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A server: its URL, the login session or API token to use, and how its certificate is verified.

    `ca` is the path of a PEM file, `thumbprint` the digest of the one certificate that is accepted. With `in_keyring`,
    the session or token is not in the file.
    """

    url: str
    user: str = ""
    session: str | None = None
    token: str | None = None
    ca: str | None = None
    thumbprint: str | None = None
    in_keyring: bool = False


class _Secret(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the keyring keeps of a profile."""

    session: str | None = None
    token: str | None = None


def profiles_file(environment: Mapping[str, str]) -> Path:
    """The user's file with profiles."""
    base = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME") or "~").expanduser() / ".config")
    return Path(base) / "contentlib" / "profiles.json"


class Profiles:
    """The profiles in a file. Several processes may change it at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> dict[str, Profile]:
        """All profiles by name. Raises ClientFailed if the file is damaged, or readable by other users."""
        try:
            with self._path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & _OTHERS:
                    raise ClientFailed(f"{self._path} has secrets and mode {mode:04o}; run: chmod 0600 {self._path}")
                return msgspec.json.decode(file.read(), type=dict[str, Profile])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            raise ClientFailed(f"{self._path} is damaged: {error}; remove it and log in again") from error

    def get(self, name: str) -> Profile:
        """A profile. Raises ClientFailed if there is no such profile."""
        found = self.all()
        if name not in found:
            known = f"; profiles: {', '.join(sorted(found))}" if found else ""
            raise ClientFailed(f"no profile {name!r}; run: contentlib login URL --profile {name}{known}")
        profile = found[name]
        if not profile.in_keyring:
            return profile
        try:
            secret = msgspec.json.decode(keyrings.read_secret(self._account(name)), type=_Secret)
        except (ClientFailed, msgspec.MsgspecError) as error:
            raise ClientFailed(f"profile {name!r}: {error}") from error
        return msgspec.structs.replace(profile, session=secret.session, token=secret.token, in_keyring=False)

    def put(self, name: str, profile: Profile) -> None:
        """Adds or replaces a profile. Its secret goes to the keyring, or to the file if there is no keyring."""
        secret = _Secret(profile.session, profile.token)
        with self._locked():
            if secret != _Secret() and keyrings.keep_secret(self._account(name), msgspec.json.encode(secret).decode()):
                profile = msgspec.structs.replace(profile, session=None, token=None, in_keyring=True)
            self._write(self.all() | {name: profile})

    def remove(self, name: str) -> None:
        """Removes a profile with its secret, if it exists."""
        with self._locked():
            found = self.all()
            removed = found.pop(name, None)
            self._write(found)
        if removed is not None and removed.in_keyring:
            keyrings.forget_secret(self._account(name))

    def _account(self, name: str) -> str:
        """The name of a secret in the keyring, which all files of the user share."""
        return f"{self._path.absolute()}#{name}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write(self, profiles: dict[str, Profile]) -> None:
        """Replaces the file at once: a power loss leaves the old one or the new one."""
        beside = self._path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)  # also if it was left behind with another mode
            file.write(msgspec.json.format(msgspec.json.encode(profiles)))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
