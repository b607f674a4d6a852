"""Lists errors that operations of several services declare."""

from __future__ import annotations

from contentlib.vapi.errors import Error, InvalidElementType, NotAllowedInCurrentState, NotFound, Unauthenticated, Unauthorized

UPKEEP = (Error, NotAllowedInCurrentState, NotFound, Unauthenticated, Unauthorized)
"""Of maintenance and migration."""
PUBLISHING = (InvalidElementType, *UPKEEP)
"""Of what makes a library a published one, of its subscriptions, and of publishing to them."""
