"""Finds the workload rule that the claims of a token match."""

from __future__ import annotations

from typing import Any

from contentlib.oidc.claims import Claims, value
from contentlib.settings.sign_on import WorkloadRule


def matches(rule: WorkloadRule, claims: Claims) -> bool:
    """Whether a token has all claims of a rule."""
    return all(_fits(pattern, value(claims, name)) for name, pattern in rule.claims.items())


def _fits(pattern: str, found: Any) -> bool:
    if isinstance(found, bool):
        return pattern == str(found).lower()
    if isinstance(found, int):
        return pattern == str(found)
    return isinstance(found, str) and like(pattern, found)


def like(pattern: str, text: str) -> bool:
    """Whether a text is a pattern's, in which `*` stands for any characters; case counts. Takes linear time for each `*`."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    if not text.startswith(first):
        return False
    *middle, last = others
    at = len(first)
    for each in middle:
        at = text.find(each, at)
        if at < 0:
            return False
        at += len(each)
    return len(text) - at >= len(last) and text.endswith(last)
