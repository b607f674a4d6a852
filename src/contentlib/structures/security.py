"""What security policies ask of items."""

from __future__ import annotations

from contentlib.vapi.types import Enumeration, enumeration


@enumeration("com.vmware.content.security_rule_type")
class SecurityRuleType(Enumeration):
    """What a security policy may ask of items of a type."""

    OVF_STRICT_VERIFICATION = "OVF_STRICT_VERIFICATION"
