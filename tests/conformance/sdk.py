"""The official SDK, all of it that the tests use, imported past its own warnings."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # the SDK reads its messages by a deprecated function of Python, and imports parts of its API that it has deprecated
    warnings.filterwarnings("ignore", "read_binary is deprecated", DeprecationWarning)
    warnings.filterwarnings("ignore", r"com\.vmware\..* is deprecated as of release vSphere API", DeprecationWarning)
    from com.vmware import cis_client as cis
    from com.vmware import content_client as content
    from com.vmware.content import library_client as libraries
    from com.vmware.content.library import item_client as items
    from com.vmware.content.library.item import updatesession_client as updates
    from vmware.vapi.bindings.converter import RestConverter, TypeConverter
    from vmware.vapi.bindings.error import UnresolvedError, VapiError
    from vmware.vapi.bindings.stub import ApiInterfaceStub, StubFactory
    from vmware.vapi.bindings.type import IdType, StructType
    from vmware.vapi.data.serializers.cleanjson import DataValueConverter
    from vmware.vapi.data.serializers.jsonrpc import JsonRpcDictToVapi, deserialize_response
    from vmware.vapi.data.validator import UnionValidator
    from vmware.vapi.data.value import ListValue, OptionalValue, StructValue, VoidValue
    from vmware.vapi.lib.connect import get_requests_connector
    from vmware.vapi.security.client.security_context_filter import LegacySecurityContextFilter
    from vmware.vapi.security.session import create_session_security_context
    from vmware.vapi.security.sso import create_saml_bearer_security_context, create_saml_security_context
    from vmware.vapi.security.user_password import create_user_password_security_context
    from vmware.vapi.stdlib.client.factories import StubConfigurationFactory
    from vmware.vapi.stdlib.client.task import Task as SdkTask
    from vmware.vapi.vsphere.client import StubFactory as VsphereStubs
    from vmware.vapi.vsphere.client import create_vsphere_client

__all__ = [
    "ApiInterfaceStub",
    "DataValueConverter",
    "IdType",
    "JsonRpcDictToVapi",
    "LegacySecurityContextFilter",
    "ListValue",
    "OptionalValue",
    "RestConverter",
    "SdkTask",
    "StructType",
    "StructValue",
    "StubConfigurationFactory",
    "StubFactory",
    "TypeConverter",
    "UnionValidator",
    "UnresolvedError",
    "VapiError",
    "VoidValue",
    "VsphereStubs",
    "cis",
    "content",
    "create_saml_bearer_security_context",
    "create_saml_security_context",
    "create_session_security_context",
    "create_user_password_security_context",
    "create_vsphere_client",
    "deserialize_response",
    "get_requests_connector",
    "items",
    "libraries",
    "updates",
]
