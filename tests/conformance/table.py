"""All rows by operation; every service of the contract has rows."""

from __future__ import annotations

from collections.abc import Mapping

from conformance import (
    rows_introspection,
    rows_items,
    rows_libraries,
    rows_ovf,
    rows_security,
    rows_subscribed,
    rows_subscriptions,
    rows_tags,
    rows_tasks,
)
from conformance.rows import Row

BY_SERVICE: Mapping[str, Mapping[str, Row]] = {
    "com.vmware.cis.session": rows_libraries.SESSIONS,
    "com.vmware.cis.tasks": rows_tasks.TASKS,
    "com.vmware.content.configuration": rows_libraries.CONFIGURATION,
    "com.vmware.content.type": rows_libraries.TYPES,
    "com.vmware.content.security_policies": rows_security.POLICIES,
    "com.vmware.content.trusted_certificates": rows_security.CERTIFICATES,
    "com.vmware.content.library": rows_libraries.LIBRARIES,
    "com.vmware.content.local_library": rows_libraries.LOCAL_LIBRARIES,
    "com.vmware.content.subscribed_library": rows_subscribed.LIBRARIES,
    "com.vmware.content.library.subscribed_item": rows_subscribed.ITEMS,
    "com.vmware.content.library.usages": rows_libraries.USAGES,
    "com.vmware.content.library.subscriptions": rows_subscriptions.SUBSCRIPTIONS,
    "com.vmware.content.library.item": rows_items.ITEMS,
    "com.vmware.content.library.item.changes": rows_items.CHANGES,
    "com.vmware.content.library.item.file": rows_items.FILES,
    "com.vmware.content.library.item.storage": rows_items.STORAGE,
    "com.vmware.content.library.item.update_session": rows_items.UPDATE_SESSIONS,
    "com.vmware.content.library.item.updatesession.file": rows_items.UPDATE_FILES,
    "com.vmware.content.library.item.download_session": rows_items.DOWNLOAD_SESSIONS,
    "com.vmware.content.library.item.downloadsession.file": rows_items.DOWNLOAD_FILES,
    "com.vmware.cis.tagging.category": rows_tags.CATEGORIES,
    "com.vmware.cis.tagging.tag": rows_tags.TAGS,
    "com.vmware.cis.tagging.tag_association": rows_tags.ASSOCIATIONS,
    "com.vmware.vapi.metadata.authentication.component": rows_introspection.COMPONENTS,
    "com.vmware.vapi.metadata.authentication.package": rows_introspection.PACKAGES,
    "com.vmware.vapi.metadata.authentication.service": rows_introspection.PRIVILEGED,
    "com.vmware.vapi.metadata.authentication.service.operation": rows_introspection.OPERATIONS,
    "com.vmware.vapi.metadata.authentication.source": rows_introspection.SOURCES,
    "com.vmware.vapi.metadata.cli.command": rows_introspection.COMMANDS,
    "com.vmware.vapi.metadata.cli.namespace": rows_introspection.NAMESPACES,
    "com.vmware.vapi.metadata.cli.source": rows_introspection.SOURCES,
    "com.vmware.vapi.metadata.metamodel.component": rows_introspection.COMPONENTS,
    "com.vmware.vapi.metadata.metamodel.enumeration": rows_introspection.ENUMERATIONS,
    "com.vmware.vapi.metadata.metamodel.package": rows_introspection.PACKAGES,
    "com.vmware.vapi.metadata.metamodel.resource": rows_introspection.RESOURCES,
    "com.vmware.vapi.metadata.metamodel.resource.model": rows_introspection.MODELS,
    "com.vmware.vapi.metadata.metamodel.service": rows_introspection.PRIVILEGED,
    "com.vmware.vapi.metadata.metamodel.service.hidden": rows_introspection.HIDDEN,
    "com.vmware.vapi.metadata.metamodel.service.operation": rows_introspection.OPERATIONS,
    "com.vmware.vapi.metadata.metamodel.source": rows_introspection.SOURCES,
    "com.vmware.vapi.metadata.metamodel.structure": rows_introspection.STRUCTURES,
    "com.vmware.vapi.metadata.privilege.component": rows_introspection.COMPONENTS,
    "com.vmware.vapi.metadata.privilege.package": rows_introspection.PACKAGES,
    "com.vmware.vapi.metadata.privilege.service": rows_introspection.PRIVILEGED,
    "com.vmware.vapi.metadata.privilege.service.operation": rows_introspection.OPERATIONS,
    "com.vmware.vapi.metadata.privilege.source": rows_introspection.SOURCES,
    "com.vmware.vapi.metadata.routing.component": rows_introspection.COMPONENTS,
    "com.vmware.vapi.metadata.routing.package": rows_introspection.PACKAGES,
    "com.vmware.vapi.metadata.routing.service": rows_introspection.PRIVILEGED,
    "com.vmware.vapi.metadata.routing.service.operation": rows_introspection.OPERATIONS,
    "com.vmware.vapi.metadata.routing.source": rows_introspection.SOURCES,
    "com.vmware.vapi.std.introspection.operation": rows_introspection.OPERATIONS,
    "com.vmware.vapi.std.introspection.provider": rows_introspection.PROVIDERS,
    "com.vmware.vapi.std.introspection.service": rows_introspection.SERVICES,
    "com.vmware.vcenter.ovf.export_flag": rows_ovf.EXPORT_FLAGS,
    "com.vmware.vcenter.ovf.import_flag": rows_ovf.IMPORT_FLAGS,
    "com.vmware.vcenter.ovf.library_item": rows_ovf.LIBRARY_ITEMS,
}

ROWS: dict[str, Row] = {f"{service}.{name}": row for service, rows in BY_SERVICE.items() for name, row in rows.items()}

PROVOKED = [(each, error, how) for each, row in ROWS.items() for error, how in row.errors.items() if not isinstance(how, str)]
"""Operation, error, and what provokes it."""
