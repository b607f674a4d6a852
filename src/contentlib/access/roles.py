"""Defines the privileges and the built-in roles, which are read-only sets of privileges."""

from __future__ import annotations

from collections.abc import Mapping

from contentlib.library.names import fold
from contentlib.library.ports import Transaction
from contentlib.library.principals import Role

EVERYBODY = frozenset({"System.Anonymous", "System.View"})
"""The privileges that every logged-in user has."""
READ = "System.Read"
ADMINISTERING = "ContentLibrary.UpdateLibrary"
"""What those need on a library who act on the transfer sessions and tasks of others."""
UPLOADING, DOWNLOADING = "ContentLibrary.UpdateSession", "ContentLibrary.DownloadSession"
ATTACH_TAG = "InventoryService.Tagging.AttachTag"
READ_STORAGE = "ContentLibrary.ReadStorage"
IMPORT_STORAGE = "ContentLibrary.ImportStorage"
"""What those need who import files of the server's own machine. As in vSphere, library administrators do not have it."""
VIEW_ACCESS = "Authorization.ViewAccess"
MODIFY_PERMISSIONS = "Authorization.ModifyPermissions"
MODIFY_ROLES = "Authorization.ModifyRoles"
MODIFY_USERS = "Authorization.ModifyUsers"
END_SESSIONS = "Sessions.TerminateSession"
VIEW_AUDIT = "Authorization.ViewAuditLog"

ANYWHERE = frozenset({READ, "ContentLibrary.TypeIntrospection", ATTACH_TAG})
"""Privileges that suffice on any library for what is about no library, such as a list, a tag or the names of datastores."""
FROM_EVERYTHING = frozenset({VIEW_ACCESS, MODIFY_PERMISSIONS})
"""Privileges on everything that no permission on a library takes away: else a library could be closed for good."""
ADMINISTRATORS_ONLY = frozenset({MODIFY_ROLES, MODIFY_USERS})
"""Privileges that no other role has: those who manage users and roles could give themselves every other one."""

_LIBRARIES = frozenset(
    f"ContentLibrary.{each}"
    for each in (
        "AddCertToTrustStore",
        "AddLibraryItem",
        "AddLibraryUsage",
        "AddSubscription",
        "ConvertLibrary",
        "CreateLocalLibrary",
        "CreateSubscribedLibrary",
        "DeleteCertFromTrustStore",
        "DeleteLibrary",
        "DeleteLibraryItem",
        "DeleteLocalLibrary",
        "DeleteSubscribedLibrary",
        "DeleteSubscription",
        "DownloadSession",
        "EvictLibraryItem",
        "EvictSubscribedLibrary",
        "GetConfiguration",
        "LibraryMaintenance",
        "MigrateLibrary",
        "ProbeSubscription",
        "PublishLibrary",
        "PublishLibraryItem",
        "ReadStorage",
        "RemoveLibraryUsage",
        "SyncLibrary",
        "SyncLibraryItem",
        "TypeIntrospection",
        "UpdateConfiguration",
        "UpdateLibrary",
        "UpdateLibraryItem",
        "UpdateLocalLibrary",
        "UpdateSession",
        "UpdateSubscribedLibrary",
        "UpdateSubscription",
    )
)
_TAGGING = frozenset(
    f"InventoryService.Tagging.{each}"
    for each in (
        "AttachTag",
        "CreateCategory",
        "CreateTag",
        "DeleteCategory",
        "DeleteTag",
        "EditCategory",
        "EditTag",
        "ModifyUsedByForCategory",
        "ModifyUsedByForTag",
    )
)
PRIVILEGES = (
    _LIBRARIES
    | _TAGGING
    | {
        READ,
        IMPORT_STORAGE,
        "Datastore.AllocateSpace",
        VIEW_ACCESS,
        MODIFY_PERMISSIONS,
        MODIFY_ROLES,
        MODIFY_USERS,
        END_SESSIONS,
        VIEW_AUDIT,
    }
)
"""Every privilege that a role can have."""

_CONTENT_USER = frozenset({READ, DOWNLOADING, "ContentLibrary.TypeIntrospection"})


def _built_in(name: str, privileges: frozenset[str], description: str) -> Role:
    return Role(name, fold(name), tuple(sorted(privileges)), description)


NO_ACCESS = "no access"
BUILT_IN: Mapping[str, Role] = {
    each.folded_name: each
    for each in (
        _built_in("Administrator", PRIVILEGES, "Everything, on every library or on one."),
        _built_in(
            "Content library administrator",
            _LIBRARIES | _TAGGING | {READ, "Datastore.AllocateSpace", VIEW_ACCESS, MODIFY_PERMISSIONS},
            "Everything but users, groups, roles, the sessions of others and files of the server's machine.",
        ),
        _built_in(
            "Content publisher",
            _CONTENT_USER
            | {
                "ContentLibrary.AddLibraryItem",
                "ContentLibrary.DeleteLibraryItem",
                "ContentLibrary.PublishLibraryItem",
                "ContentLibrary.UpdateLibraryItem",
                READ_STORAGE,
                ATTACH_TAG,
                UPLOADING,
            },
            "Creates, uploads, updates, tags, publishes and deletes items.",
        ),
        _built_in("Content user", _CONTENT_USER, "Reads and downloads."),
        _built_in(
            "Registry of subscriptions",
            frozenset(
                {
                    READ,
                    "ContentLibrary.EvictLibraryItem",
                    "ContentLibrary.EvictSubscribedLibrary",
                    "ContentLibrary.SyncLibrary",
                    "ContentLibrary.SyncLibraryItem",
                    "ContentLibrary.TypeIntrospection",
                }
            ),
            "Synchronizes and evicts the content of subscribed libraries.",
        ),
        _built_in(
            "Auditor",
            frozenset({READ, "ContentLibrary.GetConfiguration", "ContentLibrary.TypeIntrospection", VIEW_ACCESS, VIEW_AUDIT}),
            "Reads everything but content, who may do what, and the audit log.",
        ),
        _built_in("No access", frozenset(), "Nothing; on a library it takes away what a permission on everything gives."),
    )
}
"""The roles that are built in, by folded name."""


async def find_role(transaction: Transaction, name: str) -> Role | None:
    """Returns the role of a name, ignoring case, or None."""
    folded = fold(name)
    return BUILT_IN.get(folded) or await transaction.roles.get(folded)
