"""Tags by the official SDK, in the order of its own sample, and the declarations that it reads of the server."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from clients.servers import NAME, PASSWORD, STORAGES, Address
from conformance.sdk import (
    LegacySecurityContextFilter,
    StubConfigurationFactory,
    VapiError,
    create_session_security_context,
    create_vsphere_client,
    get_requests_connector,
)
from conformance.sdk_job import QUIET

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", r"com\.vmware\..* is deprecated as of release vSphere API", DeprecationWarning)
    from com.vmware.cis.tagging_client import CategoryModel
    from com.vmware.vapi.metadata.metamodel_client import Component
    from com.vmware.vapi.std_client import DynamicID

pytestmark = QUIET
LIBRARY = "com.vmware.content.Library"


@pytest.fixture(scope="module")
def client(server: Address) -> Iterator[Any]:
    """The client of the SDK's samples."""
    session = requests.Session()
    session.verify, session.trust_env = str(server.certificate), False
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"com\.vmware\..* is deprecated as of release vSphere API", DeprecationWarning)
        made = create_vsphere_client(server.host, NAME, PASSWORD, session=session)
    yield made
    session.close()


def test_the_sample_of_tagging_runs(client: Any) -> None:
    """Makes a category and a tag, changes the tag, attaches it to a datastore, lists it, and removes all."""
    categories, tags, attachments = client.tagging.Category, client.tagging.Tag, client.tagging.TagAssociation
    spec = categories.CreateSpec(name="sample", description="", cardinality=CategoryModel.Cardinality.MULTIPLE)
    spec.associable_types = set()
    category = categories.create(spec)
    assert category in categories.list()
    tag = tags.create(tags.CreateSpec(name="asset", description="sample", category_id=category))
    assert tag in tags.list_tags_for_category(category)
    tags.update(tag, tags.UpdateSpec(description="changed at 1"))
    assert tags.get(tag).description == "changed at 1"
    datastore = DynamicID(type="Datastore", id=next(iter(STORAGES)))
    attachments.attach(tag_id=tag, object_id=datastore)
    assert tag in attachments.list_attached_tags(datastore)
    assert [each.id for each in attachments.list_attached_objects(tag)] == [datastore.id]
    attachments.detach(tag, datastore)
    tags.delete(tag)
    categories.delete(category)
    assert category not in categories.list()


def test_a_category_for_libraries_has_tags_of_libraries_only(client: Any) -> None:
    categories, tags, attachments = client.tagging.Category, client.tagging.Tag, client.tagging.TagAssociation
    spec = categories.CreateSpec(name="libraries", description="", cardinality=CategoryModel.Cardinality.SINGLE)
    spec.associable_types = {LIBRARY}
    tag = tags.create(tags.CreateSpec(name="golden", description="", category_id=categories.create(spec)))
    with pytest.raises(VapiError):
        attachments.attach(tag, DynamicID(type="Datastore", id=next(iter(STORAGES))))


def test_the_declarations_are_read_with_the_sdk(client: Any, server: Address) -> None:
    """As generators of clients read them: all components, and in them every service, operation and type."""
    filters = [LegacySecurityContextFilter(security_context=create_session_security_context(client.session_id))]
    connector = get_requests_connector(client.session, url=f"{server.url}/api", provider_filter_chain=filters)
    components = Component(StubConfigurationFactory.new_std_configuration(connector))
    found = {name: components.get(name).info.packages for name in components.list()}
    library = found["com.vmware.content"]["com.vmware.content"].services["com.vmware.content.library"]
    assert library.operations["get"].output.type.user_defined_type.resource_id == "com.vmware.content.library_model"
    assert library.operations["find"].metadata["POST"].elements["params"].list_value == ["action=find"]
