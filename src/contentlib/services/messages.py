"""Declares messages of the services themselves."""

from contentlib.messages import Message

FILTER_EMPTY = Message("task.filter", "{field} must name tasks or services", "Name tasks or services in the filter.")
TOO_MANY_TASKS = Message(
    "task.too_many", "{count} tasks match the filter, the limit is {limit}; narrow the filter", "Add fields to the filter."
)
PROGRESS = Message("task.progress", "{completed} of {total}")
TASK_FAILED = Message("task.failed", "task failed for an unknown reason", "See the server log at the time of the failure.")

FLAG_MAC = Message("ovf.flag_mac", "include MAC addresses for network adapters")
FLAG_EXTRA = Message("ovf.flag_extra", "include extra configuration in OVF export")
FLAG_LAX = Message("ovf.flag_lax", "parse the OVF descriptor in lax mode")
SOURCE_EXISTS = Message("metadata.source_exists", "source {source!r} exists already", "Nothing has to be added.")
NO_SOURCE = Message("metadata.no_source", "source {source!r} does not exist", "List the sources and correct the identifier.")
NO_OTHER_SOURCE = Message(
    "metadata.no_other_source",
    "source {source!r} cannot be added: this server describes its own services only",
    "Ask the server of the other services.",
)
SOURCE_STAYS = Message(
    "metadata.source_stays", "source {source!r} cannot be deleted: it is this server itself", "Leave the source as it is."
)
