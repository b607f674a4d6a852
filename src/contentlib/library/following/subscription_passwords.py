"""Encrypts the passwords of subscriptions, each for its library."""

from __future__ import annotations

from msgspec.structs import replace

from contentlib.library.catalog.messages import FIELD_CHANGING
from contentlib.library.errors import Busy, NotDecrypted, NotFetched
from contentlib.library.following import messages
from contentlib.library.model import Library, SecretPurpose, SecretUse, Subscription
from contentlib.library.ports import Encryption


class SubscriptionPasswords:
    """Encrypts and decrypts passwords of subscriptions."""

    def __init__(self, encryption: Encryption) -> None:
        self._encryption = encryption

    def seal(self, library_id: str, password: str) -> str:
        """Encrypts the password with which a library reads its publisher."""
        return self._encryption.seal(password, _use(library_id))

    def open(self, library_id: str, subscription: Subscription) -> Subscription:
        """The subscription of a library with its password decrypted. Raises NotFetched if that is not possible."""
        if not subscription.password:
            return subscription
        try:
            return replace(subscription, password=self._encryption.open(subscription.password, _use(library_id)))
        except NotDecrypted as error:
            raise NotFetched(messages.PASSWORD_UNREADABLE(problem=error.fault)) from error

    def check(self, library: Library) -> None:
        """Checks, in the transaction that stores it, that a new password can be decrypted. Raises Busy if its key is gone.

        A password is encrypted some time before it is stored. Meanwhile the key may have been replaced and removed.
        """
        if library.subscription is None or not library.subscription.password:
            return
        try:
            self._encryption.open(library.subscription.password, _use(library.id))
        except NotDecrypted as error:
            raise Busy(FIELD_CHANGING(field="subscription", library=library.id)) from error


def _use(library_id: str) -> SecretUse:
    return SecretUse(SecretPurpose.SUBSCRIPTION, library_id)
