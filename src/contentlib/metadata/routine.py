"""Lists the tables whose changes the audit log leaves out, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

ROUTINE: Mapping[str, str] = {
    "audit": "is the log",
    "audit_ends": "is part of the log",
    "audit_things": "is part of the log",
    "blobs": "bytes without a name; they change with the files that refer to them",
    "download_sessions": "show nobody anything by themselves; each download is in the log when it begins",
    "fetched_items": "what subscribers have fetched; their downloads are in the log",
    "generations": "counters of changed tables",
    "jobs": "leases of jobs, renewed all the time",
    "last_uses": "when a token was last used; each use is in the log if it changed something",
    "nodes": "processes of the servers, renewed all the time",
    "reservations": "room for the bytes of uploads, which are in the log",
    "search_texts": "the words of libraries, items and tags, which change with them",
    "search_words": "the same words, as an index",
    "subscriber_contacts": "when subscribers were last here; their downloads are in the log",
    "tokens": "client tokens, kept beside what they created; used signatures, tickets and filters, which end soon",
    "upload_claims": "who writes an upload, renewed all the time",
    "used_logins": "logins at providers that have ended; their sessions are in the log",
}
"""Tables that only hold what the server keeps for itself, or what another table shows as well."""

OF_SERVER: Mapping[str, str] = {
    "state": "the server's clock and keys, unless a call changes them",
    "tasks": "claims and progress, unless a call or the task itself changes them",
}
"""Tables whose changes are left out if the server makes them by itself."""
