"""Lists all operations that this version declares."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from contentlib import services
from contentlib.vapi.declare import Operation, Service, operations_of


@cache
def declared_operations() -> dict[str, Operation]:
    """The operations of all services, by service and name."""
    modules = [importlib.import_module(f"{services.__name__}.{each.name}") for each in pkgutil.iter_modules(services.__path__)]
    found = [each for module in modules for _, each in inspect.getmembers(module, inspect.isclass)]
    declared = [each for each in found if issubclass(each, Service) and each.vapi_id]
    return {operation.id: operation for service in declared for operation in operations_of(service)}
