"""Defines the security policies that a library can require of its items."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import NamedTuple

from contentlib.library.errors import Invalid
from contentlib.library.packages import messages, ovf


class Rule(enum.StrEnum):
    """Requirement of a policy for items of a type."""

    OVF_STRICT_VERIFICATION = "OVF_STRICT_VERIFICATION"


class SecurityPolicy(NamedTuple):
    """A security policy: the rules that it has, by the type of the items that they are for."""

    id: str
    name: str
    rules: Mapping[str, Rule]


OVF_DEFAULT = SecurityPolicy(
    "b8a5fcd3-4a5c-4a2c-9f3e-0d8a4d6a7c11", "OVF default policy", {ovf.TYPE: Rule.OVF_STRICT_VERIFICATION}
)
POLICIES = (OVF_DEFAULT,)
"""All there are; they are part of the server."""


def check_policy(field: str, policy_id: str | None) -> str | None:
    """Returns the policy of an identifier. Raises Invalid if there is none."""
    if policy_id is not None and all(each.id != policy_id for each in POLICIES):
        known = [f"{each.id} ({each.name})" for each in POLICIES]
        raise Invalid(messages.UNKNOWN_POLICY(field=field, given=policy_id[:80], available=known))
    return policy_id


def is_strict(policy_id: str | None, folded_type: str) -> bool:
    """Whether a policy asks of items of a type that their signature is beyond doubt."""
    return any(each.id == policy_id and folded_type in each.rules for each in POLICIES)
