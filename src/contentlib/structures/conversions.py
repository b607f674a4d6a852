"""Converts values of the rules to structures of the API and back."""

from __future__ import annotations

from contentlib.library import model
from contentlib.library.catalog.libraries import LibraryChange, NewLibrary, PublishingChange
from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.checksums import check as check_checksum
from contentlib.library.errors import Fault
from contentlib.library.following.subscriptions import SubscriptionChange
from contentlib.library.ports import Addresses
from contentlib.library.sessions.pulls import Probed, without_password
from contentlib.structures import library as shown
from contentlib.structures import messages
from contentlib.structures.files import ChecksumAlgorithm, ChecksumInfo, TransferEndpoint
from contentlib.structures.probes import ProbeResult, ProbeStatus
from contentlib.vapi.registry import Call
from contentlib.vapi.std import LocalizableMessage, message
from contentlib.vapi.types import DateTime


class Endpoints:
    """Builds complete endpoints, with the thumbprint of the certificate that clients see."""

    def __init__(self, addresses: Addresses, thumbprint: str | None) -> None:
        self.addresses = addresses
        self._thumbprint = thumbprint

    def whole(self, call: Call, path: str) -> TransferEndpoint:
        """Returns the endpoint of a path, with the host name that the caller used."""
        uri = call.base_url + path
        return TransferEndpoint(uri=uri, ssl_certificate_thumbprint=self._thumbprint if uri.startswith("https:") else None)

    def content(self, call: Call, item: model.Item, file: model.StoredFile) -> str:
        """Returns the URL at which a file of an item can be read with a login session."""
        return call.base_url + self.addresses.content(item.library, item.id, file.name, file.revision)

    def on_datastore(self, item: model.Item, file: model.StoredFile, storage: str) -> str:
        """Returns the URL of a file of an item on a datastore."""
        return self.addresses.on_datastore(storage, item.library, item.id, file.name)


def message_of(fault: Fault | None) -> LocalizableMessage | None:
    """Returns an error as a message for the caller."""
    return None if fault is None else message(fault)


def failure_of(fault: Fault | None, state: str) -> LocalizableMessage | None:
    """Returns the message of a session or file. Always set in ERROR, because govmomi reads it without a check."""
    if fault is None and state == "ERROR":
        return message(messages.UNKNOWN_FAILURE())
    return message_of(fault)


def checksum_info(checksum: Checksum | None) -> ChecksumInfo | None:
    """Returns a checksum for the caller."""
    if checksum is None:
        return None
    return ChecksumInfo(algorithm=ChecksumAlgorithm(checksum.algorithm.value), checksum=checksum.digits)


def declared_checksum(field: str, info: ChecksumInfo | None) -> Checksum | None:
    """Returns the checksum that a caller declares."""
    if info is None:
        return None
    algorithm = None if info.algorithm is None else Algorithm(info.algorithm.value)
    return check_checksum(f"{field}.checksum", algorithm, info.checksum)


def library_model(library: model.Library, call: Call, server_guid: str) -> shown.LibraryModel:
    """Returns a library for the caller."""
    return shown.LibraryModel(
        configuration_info=shown.ConfigurationInfo(apply_library_usage_to_items=bool(library.apply_usage_to_items)),
        creation_time=DateTime(library.created),
        description=library.description,
        id=library.id,
        last_modified_time=DateTime(library.modified),
        last_sync_time=None if library.following is None else _moment(library.following.synced),
        name=library.name,
        optimization_info=shown.OptimizationInfo(optimize_remote_publishing=library.optimize_remote_publishing),
        publish_info=publish_info(library, call) if _may_show_publishing(library) else None,
        security_policy_id=library.security_policy,
        server_guid=server_guid,
        state_info=state_info(library),
        storage_backings=storage_backings(library),
        subscription_info=subscription_info(library),
        type=shown.LibraryType(library.type.value),
        version=str(library.version),
    )


def _may_show_publishing(library: model.Library) -> bool:
    """vCenter never shows publishing of a subscribed library; here it is shown if the library is published."""
    return library.type is model.LibraryType.LOCAL or library.publishing.published


def publish_info(library: model.Library, call: Call) -> shown.PublishInfo:
    """Returns how a library is published. Set even if it is not published, because Ansible reads it without a check."""
    publishing = library.publishing
    return shown.PublishInfo(
        authentication_method=shown.PublishAuthenticationMethod(publishing.authentication.value),
        persist_json_enabled=publishing.persist_json,
        publish_url=f"{call.base_url}/cls/vcsp/lib/{library.id}/lib.json",
        published=publishing.published,
        user_name=publishing.user_name,
    )


def state_info(library: model.Library) -> shown.StateInfo:
    """Returns the state of a library and its cause; for an ACTIVE one, the error of the last sync or migration."""
    if library.maintenance is not None:
        return shown.StateInfo(message=library.maintenance.reason, state=shown.LibraryState.MAINTENANCE)
    fault = None if library.following is None else library.following.fault
    return shown.StateInfo(message=library.unmoved or (None if fault is None else fault.text), state=shown.LibraryState.ACTIVE)


def subscription_info(library: model.Library) -> shown.SubscriptionInfo | None:
    """Returns a subscription without its secrets (see docs/design/decisions/0009).

    `source_info` is only set if it can name the publisher's subscription, which clients look for in it.
    """
    following = library.subscription
    if following is None:
        return None
    return shown.SubscriptionInfo(
        authentication_method=shown.SubscriptionAuthenticationMethod(following.authentication.value),
        automatic_sync_enabled=following.automatic_sync,
        on_demand=following.on_demand,
        source_info=_source_info(following),
        ssl_thumbprint=following.thumbprint,
        subscription_url=without_password(following.url),
        user_name=following.user_name,
    )


def _source_info(following: model.Subscription) -> shown.SourceInfo | None:
    subscription = following.invitation or following.known_as
    return None if subscription is None else shown.SourceInfo(source_library=following.source, subscription=subscription)


def subscription_change(info: shown.SubscriptionInfo | None) -> SubscriptionChange | None:
    """Reads a caller's changes of a subscription."""
    if info is None:
        return None
    method = info.authentication_method
    return SubscriptionChange(
        url=info.subscription_url,
        authentication=None if method is None else model.Authentication(method.value),
        user_name=info.user_name,
        password=info.password,
        thumbprint=info.ssl_thumbprint,
        certificate=info.ssl_certificate,
        automatic_sync=info.automatic_sync_enabled,
        on_demand=info.on_demand,
    )


def probe_result(probed: Probed) -> ProbeResult:
    """Returns the result of a probe for the caller."""
    told = message_of(probed.fault)
    return ProbeResult(
        error_messages=[] if told is None else [told],
        ssl_certificate=probed.certificate,
        ssl_thumbprint=probed.thumbprint,
        status=ProbeStatus(probed.status.value),
    )


def storage_backings(library: model.Library) -> list[shown.StorageBacking]:
    """Returns the backings that the client has set, or the chosen one."""
    backings = library.backings or (model.Backing(model.BackingType.DATASTORE, library.storage),)
    return [
        shown.StorageBacking(
            datastore_id=each.datastore_id if each.type is model.BackingType.DATASTORE else None,
            storage_uri=each.storage_uri if each.type is model.BackingType.OTHER else None,
            type=shown.StorageBackingType(each.type.value),
        )
        for each in backings
    ]


def backing(given: shown.StorageBacking) -> model.Backing:
    """Reads a backing given by the caller. Without a type it is a datastore."""
    kind = model.BackingType.DATASTORE if given.type is None else model.BackingType(given.type.value)
    return model.Backing(kind, given.datastore_id, given.storage_uri)


def new_library(spec: shown.LibraryModel) -> NewLibrary:
    """Reads a caller's specification of a new library."""
    return NewLibrary(
        name=spec.name,
        description=spec.description,
        backings=tuple(backing(each) for each in spec.storage_backings or ()),
        publishing=_publishing(spec.publish_info),
        optimize_remote_publishing=_optimize(spec.optimization_info),
        apply_usage_to_items=_apply_usage(spec.configuration_info),
        security_policy=spec.security_policy_id,
    )


def library_change(spec: shown.LibraryModel, *, publishing: bool) -> LibraryChange:
    """Reads a caller's changes of a library. Fields that cannot be changed are ignored, as in vCenter."""
    return LibraryChange(
        name=spec.name,
        description=spec.description,
        version=spec.version,
        publishing=_publishing(spec.publish_info) if publishing else None,
        apply_usage_to_items=_apply_usage(spec.configuration_info),
        security_policy=spec.security_policy_id,
        unset_security_policy=bool(spec.unset_security_policy_id),
    )


def _publishing(info: shown.PublishInfo | None) -> PublishingChange | None:
    if info is None:
        return None
    method = info.authentication_method
    return PublishingChange(
        published=info.published,
        authentication=None if method is None else model.Authentication(method.value),
        user_name=info.user_name,
        password=info.password,
        current_password=info.current_password,
        persist_json=info.persist_json_enabled,
    )


def _moment(time: int | None) -> DateTime | None:
    return None if time is None else DateTime(time)


def _optimize(info: shown.OptimizationInfo | None) -> bool | None:
    return None if info is None else info.optimize_remote_publishing


def _apply_usage(info: shown.ConfigurationInfo | None) -> bool | None:
    return None if info is None else info.apply_library_usage_to_items
