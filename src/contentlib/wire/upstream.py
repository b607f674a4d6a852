"""Recognizes the services of a vCenter that this server does not have, to tell them from mistakes."""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources

from contentlib.messages import Message
from contentlib.vapi.errors import OperationNotFound, Unsupported
from contentlib.wire import messages

_FILE = "upstream_services.txt"
_SEGMENTS = 16
_LONGEST = 64  # characters of a segment; no name of a service has a longer one
_VENDOR = "com.vmware."
_ON_HOSTS = ("com.vmware.vcenter.iso.", "com.vmware.vcenter.vm_template.")
"""Services that deploy or mount items of libraries."""


def absence(service: str, said: Message) -> OperationNotFound | Unsupported:
    """The error for a service that only a vCenter has: what it does with items of libraries is unsupported."""
    if service.startswith(_ON_HOSTS):
        return Unsupported(messages.NEEDS_HOSTS(service=service))
    return OperationNotFound(said(service=service))


class _Node:
    """A part of the names of services; `service` is the one whose name ends here."""

    __slots__ = ("below", "service")

    def __init__(self) -> None:
        self.below: dict[str, _Node] = {}
        self.service: str | None = None


class AbsentServices:
    """The services of a vCenter that this server does not have."""

    def __init__(self, here: Collection[str]) -> None:
        self._root = _Node()
        self._absent: dict[str, str] = {}
        for name in resources.files(__package__).joinpath(_FILE).read_text("utf-8").split():
            self._add(name, absent=name not in here)

    def _add(self, name: str, *, absent: bool) -> None:
        if absent:
            self._absent[name.lower()] = name
        node = self._root
        for part in name.removeprefix(_VENDOR).lower().split("."):
            node = node.below.setdefault(part, _Node())
        node.service = name if absent else None

    def named(self, service: str) -> str | None:
        """Returns the name of a service that only a vCenter has, or None; without regard to case."""
        return self._absent.get(service.lower()) if len(service) <= _SEGMENTS * _LONGEST else None

    def at(self, path: str) -> str | None:
        """Returns the service at an address that only a vCenter has, or None.

        Between the parts of a service's name stand identifiers: `/api/vcenter/vm/vm-12/hardware`.
        """
        segments = path[: _SEGMENTS * _LONGEST].strip("/").split("/")[1:]
        if segments[:2] == ["com", "vmware"]:
            segments = segments[2:]
        node, found = self._root, None
        for segment in segments[:_SEGMENTS]:
            below = node.below.get(segment.lower().replace("-", "_"))
            if below is not None:
                node, found = below, below.service
            elif node is self._root:
                return None
        return found
