"""Reads the password policy control, which OpenLDAP sends with its overlay ppolicy.

The control is that of draft-behera-ldap-password-policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cryptography.hazmat import asn1

_OID = "1.3.6.1.4.1.42.2.27.8.5.1"
REQUEST = (_OID, False, None)
"""Asks for the control; a directory that does not know it ignores it."""
EXPIRED, LOCKED, MUST_CHANGE = 0, 1, 2


@asn1.sequence
class _Warning:
    """In the standard a choice in an explicit tag, which has the same bytes."""

    before_expiration: Annotated[int | None, asn1.Implicit(0)]
    grace_logins: Annotated[int | None, asn1.Implicit(1)]


@asn1.sequence
class _PolicyAnswer:
    warning: Annotated[_Warning | None, asn1.Implicit(0)]
    error: Annotated[int | None, asn1.Implicit(1)]


def policy_error(result: Mapping[str, Any]) -> int | None:
    """The error of the control in the result of a bind; None without one. Raises ValueError if it cannot be read."""
    value = (result.get("controls") or {}).get(_OID, {}).get("value")
    return asn1.decode_der(_PolicyAnswer, value).error if value else None
