"""pyVmomi as scripts use it, and what it called."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyVim.connect
import pyVmomi
import pyVmomi.SoapAdapter
import pyVmomi.VmomiSupport

from clients.servers import NAME, PASSWORD, Address

# pyVmomi declares types for a part of itself, which mypy would hold us to.
vim: Any = pyVmomi.vim
vmodl: Any = pyVmomi.vmodl
SoapAdapter: Any = pyVmomi.SoapAdapter
VmomiSupport: Any = pyVmomi.VmomiSupport
SmartConnect: Any = pyVim.connect.SmartConnect
Disconnect: Any = pyVim.connect.Disconnect

CALLED: set[str] = set()
_INVOKE = SoapAdapter.SoapStubAdapter.InvokeMethod


def _noted(stub: Any, target: Any, info: Any, *arguments: Any) -> Any:
    """Calls a method, and notes it where no fault came."""
    result = _INVOKE(stub, target, info, *arguments)
    CALLED.add(info.wsdlName)
    return result


def unverified() -> ssl.SSLContext:
    """A context that takes every certificate, as scripts for a lab make it."""
    return ssl._create_unverified_context()


def host_and_port(address: Address) -> dict[str, Any]:
    """Where to connect to."""
    host, _, port = address.host.partition(":")
    return {"host": host, "port": int(port)}


def connect(address: Address, name: str = NAME, password: str = PASSWORD) -> Any:
    """A service instance that is logged in."""
    return SmartConnect(**host_and_port(address), user=name, pwd=password, sslContext=unverified())


@contextmanager
def connected(address: Address) -> Iterator[Any]:
    """A service instance, until it is disconnected."""
    before = SoapAdapter.SoapStubAdapter.InvokeMethod
    SoapAdapter.SoapStubAdapter.InvokeMethod = _noted
    instance = connect(address)
    try:
        yield instance
    finally:
        Disconnect(instance)
        instance._stub.DropConnections()  # Disconnect leaves them open
        SoapAdapter.SoapStubAdapter.InvokeMethod = before
