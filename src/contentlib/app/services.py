"""Creates the services, one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contentlib.access.audit_log import AuditLog
from contentlib.access.certificates import Certificates
from contentlib.access.changes import Changes
from contentlib.access.grants import Grants
from contentlib.access.groups import Groups
from contentlib.access.login_links import LoginLinks
from contentlib.access.overview import Overview
from contentlib.access.own_roles import OwnRoles
from contentlib.access.visibility import Visibility
from contentlib.app.access import Access
from contentlib.app.core import Core, Identity
from contentlib.app.rules import Rules
from contentlib.outbound.probing import Probes
from contentlib.services.cis_session import SessionService
from contentlib.services.cis_tagging_category import CategoryService
from contentlib.services.cis_tagging_tag import TagService
from contentlib.services.cis_tagging_tag_association import TagAssociationService
from contentlib.services.cis_tasks import TasksService
from contentlib.services.content_configuration import ConfigurationService
from contentlib.services.content_library import LibraryService
from contentlib.services.content_library_item import ItemService
from contentlib.services.content_library_item_changes import ChangesService
from contentlib.services.content_library_item_download_session import DownloadSessionService
from contentlib.services.content_library_item_downloadsession_file import DownloadFileService
from contentlib.services.content_library_item_file import FileService
from contentlib.services.content_library_item_storage import StorageService
from contentlib.services.content_library_item_update_session import UpdateSessionService
from contentlib.services.content_library_item_updatesession_file import UpdateFileService
from contentlib.services.content_library_subscribed_item import SubscribedItemService
from contentlib.services.content_library_subscriptions import SubscriptionsService
from contentlib.services.content_library_usages import UsagesService
from contentlib.services.content_local_library import LocalLibraryService
from contentlib.services.content_security_policies import SecurityPoliciesService
from contentlib.services.content_subscribed_library import SubscribedLibraryService
from contentlib.services.content_trusted_certificates import TrustedCertificatesService
from contentlib.services.content_type import TypeService
from contentlib.services.contentlib_access_audit import AuditService
from contentlib.services.contentlib_access_groups import GroupsService
from contentlib.services.contentlib_access_login_links import LoginLinksService
from contentlib.services.contentlib_access_permissions import PermissionsService
from contentlib.services.contentlib_access_quotas import UserQuotasService
from contentlib.services.contentlib_access_roles import RolesService
from contentlib.services.contentlib_access_self import SelfService
from contentlib.services.contentlib_access_sessions import SessionsService
from contentlib.services.contentlib_access_tokens import TokensService
from contentlib.services.contentlib_access_users import UsersService
from contentlib.services.contentlib_events import EventsService
from contentlib.services.contentlib_labels import LabelsService
from contentlib.services.contentlib_library import LibraryQueryService
from contentlib.services.contentlib_library_item import ItemQueryService
from contentlib.services.contentlib_library_item_labels import ItemLabelsService
from contentlib.services.contentlib_library_item_versions import VersionsService
from contentlib.services.contentlib_library_labels import LibraryLabelsService
from contentlib.services.contentlib_library_quotas import LibraryQuotasService
from contentlib.services.contentlib_library_retention import RetentionService
from contentlib.services.contentlib_library_subscribers import SubscribersService
from contentlib.services.contentlib_library_trash import TrashService
from contentlib.services.contentlib_overview import OverviewService
from contentlib.services.contentlib_server_certificates import CertificatesService
from contentlib.services.contentlib_server_settings import SettingInfo, SettingsService
from contentlib.services.vapi_metadata_authentication_component import AuthenticationComponentService
from contentlib.services.vapi_metadata_authentication_package import AuthenticationPackageService
from contentlib.services.vapi_metadata_authentication_service import AuthenticationServiceService
from contentlib.services.vapi_metadata_authentication_service_operation import AuthenticationOperationService
from contentlib.services.vapi_metadata_cli_command import CommandService
from contentlib.services.vapi_metadata_cli_namespace import NamespaceService
from contentlib.services.vapi_metadata_metamodel_component import MetamodelComponentService
from contentlib.services.vapi_metadata_metamodel_enumeration import MetamodelEnumerationService
from contentlib.services.vapi_metadata_metamodel_package import MetamodelPackageService
from contentlib.services.vapi_metadata_metamodel_resource import MetamodelResourceService
from contentlib.services.vapi_metadata_metamodel_resource_model import MetamodelResourceModelService
from contentlib.services.vapi_metadata_metamodel_service import MetamodelServiceService
from contentlib.services.vapi_metadata_metamodel_service_hidden import MetamodelHiddenService
from contentlib.services.vapi_metadata_metamodel_service_operation import MetamodelOperationService
from contentlib.services.vapi_metadata_metamodel_structure import MetamodelStructureService
from contentlib.services.vapi_metadata_privilege_component import PrivilegeComponentService
from contentlib.services.vapi_metadata_privilege_package import PrivilegePackageService
from contentlib.services.vapi_metadata_privilege_service import PrivilegeServiceService
from contentlib.services.vapi_metadata_privilege_service_operation import PrivilegeOperationService
from contentlib.services.vapi_metadata_routing_component import RoutingComponentService
from contentlib.services.vapi_metadata_routing_package import RoutingPackageService
from contentlib.services.vapi_metadata_routing_service import RoutingServiceService
from contentlib.services.vapi_metadata_routing_service_operation import RoutingOperationService
from contentlib.services.vapi_metadata_sources import SOURCE_SERVICES
from contentlib.services.vapi_std_introspection_operation import OperationService
from contentlib.services.vapi_std_introspection_provider import ProviderService
from contentlib.services.vapi_std_introspection_service import ServiceService
from contentlib.services.vcenter_datacenter import DatacenterService
from contentlib.services.vcenter_datastore import DatastoreService
from contentlib.services.vcenter_folder import FolderService
from contentlib.services.vcenter_ovf_export_flag import ExportFlagService
from contentlib.services.vcenter_ovf_import_flag import ImportFlagService
from contentlib.services.vcenter_ovf_library_item import OvfLibraryItemService
from contentlib.settings import Settings, rows, shown_value
from contentlib.structures.commands import Commands
from contentlib.structures.conversions import Endpoints
from contentlib.structures.declarations import Metamodel
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Service
from contentlib.vapi.types import Typed

Results = Callable[[str, str, str], Typed | None]


def services(core: Core, rules: Rules, access: Access, identity: Identity, results: Results) -> list[Service]:
    """All services; `results` reads what an operation answered that was called as a task."""
    described = _services(core, rules, access, identity, results)
    describing: tuple[type[Any], ...] = (
        ProviderService,
        ServiceService,
        OperationService,
        AuthenticationComponentService,
        AuthenticationPackageService,
        AuthenticationServiceService,
        AuthenticationOperationService,
        PrivilegeComponentService,
        PrivilegePackageService,
        PrivilegeServiceService,
        PrivilegeOperationService,
        RoutingComponentService,
        RoutingPackageService,
        RoutingServiceService,
        RoutingOperationService,
        MetamodelHiddenService,
        MetamodelResourceService,
        MetamodelResourceModelService,
        *SOURCE_SERVICES,
    )
    modelling = (
        MetamodelComponentService,
        MetamodelPackageService,
        MetamodelServiceService,
        MetamodelOperationService,
        MetamodelStructureService,
        MetamodelEnumerationService,
    )
    catalogue = Catalogue([*map(type, described), *describing, *modelling, CommandService, NamespaceService])
    metamodel, commands = Metamodel(catalogue), Commands(catalogue)
    models = [*(each(catalogue) for each in describing), *(each(metamodel) for each in modelling)]
    return [*described, *models, CommandService(commands), NamespaceService(commands)]


def _services(core: Core, rules: Rules, access: Access, identity: Identity, results: Results) -> list[Service]:
    endpoints = Endpoints(identity.addresses, core.thumbprint)
    visibility = Visibility(core.metadata, access.gate)
    return [
        SessionService(access.logins, access.saml),
        TasksService(rules.tasks, results, access.gate),
        ConfigurationService(core.configurations),
        LibraryService(rules.libraries, rules.upkeep, rules.conversions, rules.migrations, identity.guid),
        LocalLibraryService(rules.libraries, rules.subscribers, identity.guid),
        SubscribedLibraryService(rules.libraries, rules.subscribed, identity.guid),
        SubscribedItemService(rules.subscribed),
        UsagesService(rules.usages),
        ItemService(rules.items, rules.subscribers, core.trust),
        FileService(rules.items, core.blobs, endpoints),
        StorageService(rules.items, core.blobs, endpoints),
        UpdateSessionService(rules.updates, rules.completion, core.leases),
        UpdateFileService(rules.files, rules.completion, endpoints, access.gate, Probes(core.outbound, core.sources)),
        DownloadSessionService(rules.downloads, core.leases),
        DownloadFileService(rules.downloads, core.blobs, endpoints, access.gate),
        ChangesService(rules.history),
        VersionsService(rules.history),
        RetentionService(rules.retentions, core.settings.trash_seconds),
        SubscriptionsService(rules.subscribers, access.gate),
        SubscribersService(rules.subscriber_credentials, rules.contacts, core.settings.published_version_floor),
        TrashService(rules.trash),
        TypeService(),
        SecurityPoliciesService(),
        TrustedCertificatesService(core.trust),
        UsersService(access.users, access.api_tokens),
        GroupsService(Groups(core.metadata)),
        RolesService(OwnRoles(core.metadata)),
        PermissionsService(Grants(core.metadata), access.gate),
        TokensService(access.api_tokens, access.gate),
        SessionsService(access.logins),
        LoginLinksService(LoginLinks(core.metadata, access.logins, core.clock)),
        SelfService(access.users, access.gate),
        AuditService(AuditLog(core.metadata, access.gate)),
        CategoryService(rules.categories),
        TagService(rules.tags),
        TagAssociationService(rules.attachments, access.gate),
        DatacenterService(core.inventory),
        DatastoreService(core.inventory),
        FolderService(core.inventory),
        OvfLibraryItemService(rules.ovf_templates),
        ImportFlagService(),
        ExportFlagService(),
        LibraryQuotasService(rules.quotas),
        UserQuotasService(rules.quotas),
        LibraryQueryService(rules.finder, visibility),
        ItemQueryService(rules.finder, visibility),
        LibraryLabelsService(rules.annotations),
        ItemLabelsService(rules.annotations),
        LabelsService(rules.annotations, visibility),
        EventsService(Changes(core.metadata, access.gate)),
        SettingsService(_shown(core.settings)),
        CertificatesService(Certificates(core.metadata, core.certificate)),
        OverviewService(Overview(core.metadata, access.gate, core.clock, core.inventory, core.certificate)),
    ]


def _shown(settings: Settings) -> list[SettingInfo]:
    """What the server may tell of its settings: no secrets."""
    return [
        SettingInfo(
            default_value=default,
            description=description,
            name=name,
            source=settings.source(name),
            type=kind,
            value=shown_value(getattr(settings, name)),
        )
        for name, kind, default, description in rows()
    ]
