"""Lists the managers of a vCenter that have no function here, with their readable properties.

Clients follow these references without checking that they are set. The methods of these managers are NotSupported.
"""

from __future__ import annotations

from contentlib.vim.values import Array, Reference, Value

SESSION_MANAGER = Reference("SessionManager", "SessionManager")
SEARCH_INDEX = Reference("SearchIndex", "SearchIndex")

SERVICE_CONTENT = {
    "setting": Reference("OptionManager", "VpxSettings"),
    "userDirectory": Reference("UserDirectory", "UserDirectory"),
    "sessionManager": SESSION_MANAGER,
    "authorizationManager": Reference("AuthorizationManager", "AuthorizationManager"),
    "serviceManager": Reference("ServiceManager", "ServiceMgr"),
    "perfManager": Reference("PerformanceManager", "PerfMgr"),
    "scheduledTaskManager": Reference("ScheduledTaskManager", "ScheduledTaskManager"),
    "alarmManager": Reference("AlarmManager", "AlarmManager"),
    "eventManager": Reference("EventManager", "EventManager"),
    "taskManager": Reference("TaskManager", "TaskManager"),
    "extensionManager": Reference("ExtensionManager", "ExtensionManager"),
    "customizationSpecManager": Reference("CustomizationSpecManager", "CustomizationSpecManager"),
    "guestCustomizationManager": Reference("VirtualMachineGuestCustomizationManager", "GuestCustomizationManager"),
    "customFieldsManager": Reference("CustomFieldsManager", "CustomFieldsManager"),
    "diagnosticManager": Reference("DiagnosticManager", "DiagMgr"),
    "licenseManager": Reference("LicenseManager", "LicenseManager"),
    "searchIndex": SEARCH_INDEX,
    "fileManager": Reference("FileManager", "FileManager"),
    "datastoreNamespaceManager": Reference("DatastoreNamespaceManager", "DatastoreNamespaceManager"),
    "virtualDiskManager": Reference("VirtualDiskManager", "virtualDiskManager"),
    "snmpSystem": Reference("HostSnmpSystem", "SnmpSystem"),
    "vmProvisioningChecker": Reference("VirtualMachineProvisioningChecker", "ProvChecker"),
    "vmCompatibilityChecker": Reference("VirtualMachineCompatibilityChecker", "CompatChecker"),
    "ovfManager": Reference("OvfManager", "OvfManager"),
    "ipPoolManager": Reference("IpPoolManager", "IpPoolManager"),
    "dvSwitchManager": Reference("DistributedVirtualSwitchManager", "DVSManager"),
    "hostProfileManager": Reference("HostProfileManager", "HostProfileManager"),
    "clusterProfileManager": Reference("ClusterProfileManager", "ClusterProfileManager"),
    "complianceManager": Reference("ProfileComplianceManager", "MoComplianceManager"),
    "localizationManager": Reference("LocalizationManager", "LocalizationManager"),
    "storageResourceManager": Reference("StorageResourceManager", "StorageResourceManager"),
    "guestOperationsManager": Reference("GuestOperationsManager", "guestOperationsManager"),
    "overheadMemoryManager": Reference("OverheadMemoryManager", "OverheadMemoryManager"),
    "certificateManager": Reference("CertificateManager", "certificateManager"),
    "ioFilterManager": Reference("IoFilterManager", "IoFilterManager"),
    "vStorageObjectManager": Reference("VcenterVStorageObjectManager", "VStorageObjectManager"),
    "hostSpecManager": Reference("HostSpecificationManager", "HostSpecificationManager"),
    "cryptoManager": Reference("CryptoManagerKmip", "CryptoManager"),
    "healthUpdateManager": Reference("HealthUpdateManager", "HealthUpdateManager"),
    "failoverClusterConfigurator": Reference("FailoverClusterConfigurator", "FailoverClusterConfigurator"),
    "failoverClusterManager": Reference("FailoverClusterManager", "FailoverClusterManager"),
    "tenantManager": Reference("TenantTenantManager", "TenantManager"),
    "siteInfoManager": Reference("SiteInfoManager", "SiteInfoManager"),
    "storageQueryManager": Reference("StorageQueryManager", "StorageQueryManager"),
}
"""Field of ServiceContent -> manager, in the order of the data object."""

MANAGERS = tuple(each for each in SERVICE_CONTENT.values() if each not in (SESSION_MANAGER, SEARCH_INDEX))

PROPERTIES: dict[str, dict[str, Value | None]] = {
    "AuthorizationManager": {"privilegeList": Array("AuthorizationPrivilege"), "roleList": Array("AuthorizationRole")},
    "AlarmManager": {"defaultExpression": Array("AlarmExpression")},
    "CustomFieldsManager": {"field": Array("CustomFieldDef")},
    "CustomizationSpecManager": {"info": Array("CustomizationSpecInfo")},
    "EventManager": {"latestEvent": None, "maxCollector": 0},
    "ExtensionManager": {"extensionList": Array("Extension")},
    "LicenseManager": {
        "diagnostics": None,
        "featureInfo": Array("LicenseFeatureInfo"),
        "licenseAssignmentManager": None,
        "licenses": Array("LicenseManagerLicenseInfo"),
    },
    "LocalizationManager": {"catalog": Array("LocalizationManagerMessageCatalog")},
    "OptionManager": {"setting": Array("OptionValue"), "supportedOption": Array("OptionDef")},
    "OvfManager": {"ovfExportOption": Array("OvfOptionInfo"), "ovfImportOption": Array("OvfOptionInfo")},
    "PerformanceManager": {"historicalInterval": Array("PerfInterval"), "perfCounter": Array("PerfCounterInfo")},
    "ScheduledTaskManager": {"scheduledTask": Array("ManagedObjectReference")},
    "ServiceManager": {"service": Array("ServiceManagerServiceInfo")},
    "UserDirectory": {"domainList": Array("string")},
}
"""Type -> its properties. Other managers have none."""
