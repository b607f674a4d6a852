"""The steps of the main job with the official SDK, and what its tests have in common."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest
import requests

from conformance.sdk import content, items, libraries, updates
from conformance.sdk_client import Sdk

QUIET = [
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request:urllib3.exceptions.InsecureRequestWarning"),
    # the SDK imports the parts of its API when they are asked for, some of which it has deprecated
    pytest.mark.filterwarnings(r"ignore:com\.vmware\..* is deprecated as of release vSphere API:DeprecationWarning"),
]
CONTENT = bytes(range(256)) * 400


def new_library(sdk: Sdk, **spec: object) -> str:
    """Makes a library."""
    backing = libraries.StorageBacking(type="DATASTORE", datastore_id="datastore-1")
    model = content.LibraryModel(name=f"library {uuid4()}", storage_backings=[backing], **spec)
    return str(sdk.content.LocalLibrary.create(model))


def new_item(sdk: Sdk, library: str | None = None, **spec: object) -> str:
    """Makes an item without content."""
    model = libraries.ItemModel(library_id=library or new_library(sdk), name=f"item {uuid4()}", **spec)
    return str(sdk.content.library.Item.create(model))


def new_session(sdk: Sdk, item: str | None = None) -> str:
    """Makes an update session."""
    model = items.UpdateSessionModel(library_item_id=item or new_item(sdk))
    return str(sdk.content.library.item.UpdateSession.create(model))


def add(sdk: Sdk, session: str, name: str, algorithm: str | None = None) -> str:
    """Adds a file to an update session, and answers where its bytes go."""
    checksum = algorithm and items.File.ChecksumInfo(
        algorithm=algorithm, checksum=hashlib.new(algorithm.lower(), CONTENT).hexdigest()
    )
    spec = updates.File.AddSpec(name=name, source_type="PUSH", size=len(CONTENT), checksum_info=checksum or None)
    found = sdk.content.library.item.updatesession.File.add(session, spec)
    assert found.status == "WAITING_FOR_TRANSFER"
    return str(found.upload_endpoint.uri)


def post(sdk: Sdk, uri: str, data: bytes = CONTENT) -> requests.Response:
    """Sends bytes as the SDK's samples do: by POST, without a session."""
    return sdk.session().post(uri, data=data, headers={"Content-Type": "text/ovf"})


def full_item(sdk: Sdk, *names: str) -> str:
    """Makes an item with files."""
    item = new_item(sdk, type="iso")
    session = new_session(sdk, item)
    for name in names:
        assert post(sdk, add(sdk, session, name)).status_code in (200, 201)
    sdk.content.library.item.UpdateSession.complete(session)
    return item
