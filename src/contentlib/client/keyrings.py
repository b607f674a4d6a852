"""Keeps the secrets of profiles in the keyring of the system, if there is one and the package `keyring` is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contentlib.client.failures import ClientFailed, printable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "contentlib"
_USABLE = 1  # the least priority of a keyring that protects what it keeps


def keep_secret(account: str, secret: str) -> bool:
    """Keeps a secret. Returns False if there is no keyring that can be used now."""
    ring = _keyring()
    if ring is None:
        return False
    from keyring.errors import KeyringError

    try:
        ring.set_password(_SERVICE, account, secret)
    except KeyringError:  # such as one that stays locked
        return False
    return True


def read_secret(account: str) -> str:
    """A secret that was kept. Raises ClientFailed if it cannot be read."""
    ring = _keyring()
    if ring is None:
        raise ClientFailed("the secret is in the keyring of the system, which cannot be used here; log in again")
    from keyring.errors import KeyringError

    try:
        found = ring.get_password(_SERVICE, account)
    except KeyringError as error:
        raise ClientFailed(f"the keyring of the system cannot be read: {printable(str(error))}; log in again") from error
    if found is None:
        raise ClientFailed("the secret is not in the keyring of the system any more; log in again")
    return found


def forget_secret(account: str) -> None:
    """Removes a secret, if it exists."""
    ring = _keyring()
    if ring is None:
        return
    from contextlib import suppress

    from keyring.errors import KeyringError

    with suppress(KeyringError):  # it was removed by other means, or the keyring stays locked
        ring.delete_password(_SERVICE, account)


def _keyring() -> KeyringBackend | None:
    try:
        import keyring
    except ImportError:
        return None
    found = keyring.get_keyring()
    return found if found.priority >= _USABLE else None
