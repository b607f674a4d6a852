"""Finds the operation of a request by its address, for `/api` and `/rest`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from contentlib.http.message import Disconnected, Request, Response
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import InvalidRequest, VapiError
from contentlib.vapi.registry import Call
from contentlib.wire.calls import Calls, check_cookie, session_headers
from contentlib.wire.dispatch import OperationAddress, Pairs
from contentlib.wire.tasked import Tasked


class AddressedForm(ABC):
    """Speaks a form; a subclass reads its requests and writes its answers and errors."""

    def __init__(self, calls: Calls, tasked: Tasked) -> None:
        self._calls = calls
        self._tasked = tasked

    async def handle(self, request: Request) -> Response:
        """The answer to a request; every failure is an error in this form."""
        try:
            try:
                target, in_path, pairs, as_task = self._read_line(request)
            except InvalidRequest as error:
                raise await self._calls.due(request, error) from error
            call = self._calls.of(request)
            await self._calls.authenticate(call, target.endpoint.operation)
            check_cookie(request, target)
            arguments = await self._arguments(request, call, target, pairs, in_path)
            endpoint = self._tasked.endpoint(target.endpoint) if as_task else target.endpoint
            result = await self._calls.run(request, call, endpoint, arguments)
            response = self._answer(request, endpoint.operation, result)
            if call.new_token is not None:
                response.headers = session_headers(request, call)
            return response
        except VapiError as error:
            await self._calls.note(error)
            return self._error(request, error)
        except Disconnected:
            raise
        except Exception as error:
            return self._error(request, self._calls.failed(request, request.path, error))

    @abstractmethod
    def _read_line(self, request: Request) -> tuple[OperationAddress, dict[str, str], Pairs, bool]:
        """Reads the request line: operation, path parameters, query parameters, and whether it requests a task."""

    @abstractmethod
    async def _arguments(
        self, request: Request, call: Call, target: OperationAddress, pairs: Pairs, in_path: dict[str, str]
    ) -> dict[str, Any]:
        """The operation's arguments, from wherever they stand in the request."""

    @abstractmethod
    def _answer(self, request: Request, operation: Operation, result: Any) -> Response:
        """A result."""

    @abstractmethod
    def _error(self, request: Request, error: VapiError) -> Response:
        """An error."""
