"""Implements com.vmware.content.security_policies: the security policies of libraries."""

from __future__ import annotations

from typing import ClassVar

from contentlib.library.packages.policies import POLICIES
from contentlib.structures.privileges import READ
from contentlib.structures.security import SecurityRuleType
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import Error, Unauthenticated
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PREFIX = "com.vmware.content.security_policies"


class PolicyInfo(Structure):
    """A security policy: its rules by item type."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    item_type_rules: dict[str, SecurityRuleType]
    name: str
    policy: Id


class SecurityPoliciesService(Service):
    """Security policies."""

    vapi_id = _PREFIX

    @operation(Route("GET", "/api/content/security-policies"), errors=(Error, Unauthenticated), privileges=(READ,))
    async def list(self, call: Call) -> list[PolicyInfo]:
        """Lists the security policies. There is one: OVF packages must have a trusted signature."""
        return [
            PolicyInfo(
                item_type_rules={kind: SecurityRuleType(rule.value) for kind, rule in each.rules.items()},
                name=each.name,
                policy=each.id,
            )
            for each in POLICIES
        ]
