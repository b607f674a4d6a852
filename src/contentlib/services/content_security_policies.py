"""com.vmware.content.security_policies: what libraries may ask of the items that they take."""

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
    """A security policy: its rules by the type of the items that they are for."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    item_type_rules: dict[str, SecurityRuleType]
    name: str
    policy: Id


class SecurityPoliciesService(Service):
    """Security policies."""

    vapi_id = _PREFIX

    @operation(Route("GET", "/api/content/security-policies"), errors=(Error, Unauthenticated), privileges=(READ,))
    async def list(self, call: Call) -> list[PolicyInfo]:
        """Lists the security policies; there is one, by which a library takes only OVF packages with a trusted signature."""
        return [
            PolicyInfo(
                item_type_rules={kind: SecurityRuleType(rule.value) for kind, rule in each.rules.items()},
                name=each.name,
                policy=each.id,
            )
            for each in POLICIES
        ]
