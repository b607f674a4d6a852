"""Defines the structures of security policies."""

from __future__ import annotations

from contentlib.vapi.types import Enumeration, enumeration


@enumeration("com.vmware.content.security_rule_type")
class SecurityRuleType(Enumeration):
    """Requirement of a security policy for items of a type."""

    OVF_STRICT_VERIFICATION = "OVF_STRICT_VERIFICATION"
