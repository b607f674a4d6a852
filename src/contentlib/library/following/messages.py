"""Declares messages about subscribed libraries and subscriptions."""

from contentlib.library.messages import INVALID
from contentlib.messages import Message

REQUIRED_FOR_BASIC = Message(
    INVALID, "{field} is required for BASIC authentication", "Send the password of the published library."
)
REQUIRED_FOR = Message(INVALID, "{field} is required for {condition}", "Send the field, or change the other one.")
NOT_SUBSCRIBED = Message(
    INVALID,
    "{field}: library {subscribed} is not subscribed to library {library}",
    "Choose a library that is subscribed to this one.",
)
NO_SUCH_SUBSCRIPTION = Message(
    INVALID, "{field}: library {library} has no subscription {subscription!r}", "List the subscriptions of the library."
)
LOCAL_SUBSCRIPTION = Message(
    INVALID,
    "{field} cannot be set: the library of subscription {subscription} is on this server",
    "Leave the field unset for a subscription on this server.",
)

NOT_PUBLISHED = Message("library.not_published", "library {library} is not published", "Publish the library first.")
NOT_ON_DEMAND = Message(
    "library.not_on_demand",
    "library {library} always stores its content; only libraries with on_demand can be evicted",
    "Set on_demand first.",
)
SUBSCRIPTION_EXISTS = Message(
    "subscription.exists",
    "library {subscribed} already has a subscription of library {library}",
    "Keep the existing subscription.",
)
PASSWORD_UNREADABLE = Message(
    "subscription.password",
    "the subscription cannot be used: {problem}",
    "Set the password of the subscription again. The key file of the data directory may have been replaced.",
)
OWN_NOT_PUBLISHED = Message(
    "publisher.not_published",
    "library {library} on this server does not exist or is not published",
    "Publish the library, or correct the URL.",
)
OWN_CREDENTIALS = Message(
    "publisher.credentials",
    "library {library} on this server requires user name 'vcsp' and its password",
    "Correct the password of the subscription.",
)
OWN_CERTIFICATE = Message(
    "catalog.http_request_error_peer_not_authenticated",
    "certificate of this server does not match the subscription; its thumbprints are {sha1} (SHA-1) and {sha256} (SHA-256)",
    "Set the thumbprint of the subscription to one of these.",
)
OWN_WRONG_PATH = Message(
    "catalog.vcsp_library_not_found",
    "no library at {url!r}; the URL of library {library} ends in {library}/lib.json",
    "Correct the URL of the subscription.",
)
SYNC_ITEM_CHANGED = Message("sync.changed", "item {name!r} was changed by another synchronization", "Synchronize again.")
SUBSCRIPTION_CHANGED = Message("sync.changed", "the subscription of library {library} was changed", "Synchronize again.")
VCENTER_UNREACHABLE = Message(
    "vcenter.unreachable",
    "this server cannot manage vCenter {vcenter!r}; create or synchronize the subscribed library there",
    "Create or synchronize the subscribed library in that vCenter.",
)
SYNC_LIBRARY = Message("task.sync", "synchronize library {name!r}")
SYNC_ITEM = Message("task.sync_item", "synchronize item {name!r}")
SUBSCRIBER_EXISTS = Message(
    "subscriber.exists", "library {library} already has a subscriber named {name!r}", "Choose another name."
)
TOO_MANY_SUBSCRIBERS = Message(
    "subscriber.too_many",
    "library {library} already has {most} subscribers, the limit",
    "Remove subscribers that are not needed.",
)
SUBSCRIBER_DISABLED = Message(
    "subscriber.disabled",
    "subscriber {subscriber!r} of library {library} is disabled",
    "Ask the publisher to enable the subscriber.",
)
SUBSCRIBER_EXPIRED = Message(
    "subscriber.expired",
    "credential of subscriber {subscriber!r} of library {library} has expired",
    "Ask the publisher for a later expiry or a new credential.",
)
EXPIRES_AND_NEVER = Message(INVALID, "{field} cannot be combined with spec.expires", "Send one of the two fields.")
