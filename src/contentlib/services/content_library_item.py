"""Implements com.vmware.content.library.item: library items, without their files."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.catalog.items import ItemChange, Items, NewItem
from contentlib.library.following.subscribers import Subscribers
from contentlib.library.idempotence import check_token
from contentlib.library.packages.trust import Compliance, Trust
from contentlib.structures.errors import PUBLISHING
from contentlib.structures.privileges import DOWNLOADING, ITEM, READ, on_item, on_library
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import (
    AlreadyExists,
    InvalidArgument,
    InvalidElementType,
    NotAllowedInCurrentState,
    NotFound,
    ResourceInaccessible,
)
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Structure, enumeration

_PATH = "/api/content/library/item"
_ITEM = f"{_PATH}/{{library_item_id}}"
_TOKEN = {"Client-Token": "client_token"}


@enumeration("com.vmware.content.library.item.cert_verification_status")
class CertificateVerificationStatus(Enumeration):
    """Result of verifying the certificate of an OVF package."""

    INTERNAL = "INTERNAL"
    NOT_AVAILABLE = "NOT_AVAILABLE"
    UNTRUSTED = "UNTRUSTED"
    VERIFICATION_FAILURE = "VERIFICATION_FAILURE"
    VERIFICATION_IN_PROGRESS = "VERIFICATION_IN_PROGRESS"
    VERIFIED = "VERIFIED"


class CertificateVerificationInfo(Structure):
    """Certificates of the signer of an OVF package, in base64, signer first, and the result of their verification."""

    vapi_name: ClassVar[str] = "com.vmware.content.library.item.certificate_verification_info"
    status: CertificateVerificationStatus
    cert_chain: builtins.list[str] | None = None


class ItemModel(Structure):
    """A library item.

    Clients can change `name`, `description` and `type`. `size` is the total size of all files in bytes. `content_version`
    increases with every completed update session, `metadata_version` with every other change. `certificate_verification_info`
    is set for OVF packages with content; `security_compliance` refers to the security policy of the library. Times are in UTC.
    """

    vapi_name: ClassVar[str] = "com.vmware.content.library.item_model"
    cached: bool | None = None
    certificate_verification_info: CertificateVerificationInfo | None = None
    content_version: Id | None = None
    creation_time: DateTime | None = None
    description: str | None = None
    id: Id | None = None
    last_modified_time: DateTime | None = None
    last_sync_time: DateTime | None = None
    library_id: Id | None = None
    metadata_version: str | None = None
    name: str | None = None
    security_compliance: bool | None = None
    size: Integer | None = None
    source_id: Id | None = None
    type: str | None = None
    version: str | None = None


class FindSpec(Structure):
    """Search criteria for items. At least one must be set, and an item must match all that are set."""

    vapi_name: ClassVar[str] = "com.vmware.content.library.item.find_spec"
    cached: bool | None = None
    library_id: Id | None = None
    name: str | None = None
    source_id: Id | None = None
    type: str | None = None


class DestinationSpec(Structure):
    """A subscription to publish to."""

    vapi_name: ClassVar[str] = "com.vmware.content.library.item.destination_spec"
    subscription: Id


class ItemService(Service):
    """Library items."""

    vapi_id = "com.vmware.content.library.item"

    def __init__(self, items: Items, subscribers: Subscribers, trust: Trust) -> None:
        self._items = items
        self._subscribers = subscribers
        self._trust = trust

    @operation(
        Route("POST", _PATH, body="create_spec", headers=_TOKEN, status=201),
        errors=(AlreadyExists, InvalidArgument, InvalidElementType, NotAllowedInCurrentState, NotFound),
        privileges=(on_library("ContentLibrary.AddLibraryItem", "create_spec.library_id"),),
    )
    async def create(self, call: Call, client_token: str | None, create_spec: ItemModel) -> Id:
        """Creates an item without content and returns its identifier. Replaces a failed draft of the same name."""
        return await self._items.create(
            _new(create_spec), check_token(call.user, f"{self.vapi_id}.create", client_token), call.user
        )

    @operation(Route("GET", _ITEM), errors=(NotFound,), privileges=(on_item("System.Read"),))
    async def get(self, call: Call, library_item_id: Id) -> ItemModel:
        """Returns an item."""
        item = await self._items.get(library_item_id)
        return _model(item, await self._trust.standing(item))

    @operation(
        Route("GET", _PATH, {"library_id": None}), errors=(NotFound,), privileges=(on_library("System.Read", "library_id"),)
    )
    async def list(self, call: Call, library_id: Id) -> builtins.list[Id]:
        """Lists the identifiers of all items of a library, in order of creation."""
        return await self._items.ids(library_id)

    @operation(
        Route("POST", _PATH, {"action": "find"}, body="spec"),
        errors=(InvalidArgument,),
        privileges=(READ, on_library("System.Read", "spec.library_id")),
        shows=ITEM,
    )
    async def find(self, call: Call, spec: FindSpec) -> builtins.list[Id]:
        """Finds the items that match all criteria. Names and types are compared ignoring case."""
        given = {"library_id": spec.library_id, "name": spec.name, "source_id": spec.source_id, "type": spec.type}
        return await self._items.find({name: value for name, value in given.items() if value is not None}, spec.cached)

    @operation(
        Route("PATCH", _ITEM, body="update_spec", status=204),
        errors=(AlreadyExists, InvalidArgument, InvalidElementType, NotAllowedInCurrentState, NotFound),
        privileges=(on_item("ContentLibrary.UpdateLibraryItem"),),
    )
    async def update(self, call: Call, library_item_id: Id, update_spec: ItemModel) -> None:
        """Changes the given name, description and type."""
        spec = update_spec
        await self._items.update(library_item_id, ItemChange(spec.name, spec.description, spec.type, spec.version))

    @operation(
        Route("DELETE", _ITEM, status=204),
        errors=(InvalidElementType, NotAllowedInCurrentState, NotFound),
        privileges=(on_item("ContentLibrary.DeleteLibraryItem"),),
    )
    async def delete(self, call: Call, library_item_id: Id) -> None:
        """Deletes an item with all its versions. Running downloads complete."""
        await self._items.delete(library_item_id, call.user)

    @operation(
        Route(
            "POST",
            f"{_PATH}/{{source_library_item_id}}",
            {"action": "copy"},
            body="destination_create_spec",
            headers=_TOKEN,
        ),
        errors=(InvalidArgument, InvalidElementType, NotAllowedInCurrentState, NotFound, ResourceInaccessible),
        privileges=(
            on_item("System.Read", "source_library_item_id"),
            on_library("ContentLibrary.AddLibraryItem", "destination_create_spec.library_id"),
        ),
        also=(on_item(DOWNLOADING, "source_library_item_id"),),
        task=True,
    )
    async def copy(
        self, call: Call, client_token: str | None, source_library_item_id: Id, destination_create_spec: ItemModel
    ) -> Id:
        """Copies an item with its current content and returns the identifier of the complete copy."""
        token = check_token(call.user, f"{self.vapi_id}.copy", client_token)
        return await self._items.copy(source_library_item_id, _new(destination_create_spec), token, call.user)

    async def check_copy(
        self, call: Call, client_token: str | None, source_library_item_id: Id, destination_create_spec: ItemModel
    ) -> None:
        """Validates the arguments of `copy`."""
        token = check_token(call.user, f"{self.vapi_id}.copy", client_token)
        await self._items.check_copy(source_library_item_id, _new(destination_create_spec), token)

    @operation(
        Route("POST", _ITEM, {"action": "publish"}, status=204),
        errors=(InvalidArgument, *PUBLISHING),
        privileges=(on_item("ContentLibrary.PublishLibraryItem"),),
        task=True,
    )
    async def publish(
        self,
        call: Call,
        library_item_id: Id,
        force_sync_content: bool,
        subscriptions: builtins.list[DestinationSpec] | None,
    ) -> None:
        """Starts to synchronize an item in the given subscriptions on this server, or in all of them."""
        chosen = None if subscriptions is None else [each.subscription for each in subscriptions]
        await self._subscribers.publish_item(library_item_id, chosen, call.user, content=force_sync_content)


def _new(spec: ItemModel) -> NewItem:
    return NewItem(library=spec.library_id, name=spec.name, description=spec.description, type=spec.type, source=spec.source_id)


def _model(item: model.Item, standing: Compliance) -> ItemModel:
    return ItemModel(
        cached=item.cached,
        certificate_verification_info=_verification(standing),
        content_version=str(item.content_version),
        creation_time=DateTime(item.created),
        description=item.description,
        id=item.id,
        last_modified_time=DateTime(item.modified),
        last_sync_time=None if item.synced is None else DateTime(item.synced),
        library_id=item.library,
        metadata_version=str(item.metadata_version),
        name=item.name,
        security_compliance=standing.compliant,
        size=item.size,
        source_id=item.source,
        type=item.type,
        version=str(item.version),
    )


def _verification(standing: Compliance) -> CertificateVerificationInfo | None:
    if standing.verification is None:
        return None
    status = CertificateVerificationStatus(standing.verification.value)
    return CertificateVerificationInfo(cert_chain=list(standing.chain) or None, status=status)
