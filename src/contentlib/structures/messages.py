"""Declares messages about failures of unknown cause."""

from contentlib.messages import Message

UNKNOWN_FAILURE = Message("unknown_failure", "failed for an unknown reason", "See the server log at the time of the failure.")
