"""Loaded by every Python that a playbook starts: writes down what goes out over HTTP connections, and changes nothing of it."""

import http.client
import os
from typing import Any

_send = http.client.HTTPConnection.send
_MOST = 1 << 16  # of a file that is uploaded, nothing is needed


def _heard(connection: http.client.HTTPConnection, data: Any) -> None:
    if isinstance(data, bytes) and len(data) < _MOST:
        with open(os.environ["CONTENTLIB_HEARD"], "ab") as file:  # noqa: PTH123 - loaded before everything, by every program
            file.write(data + b"\n")
    _send(connection, data)


http.client.HTTPConnection.send = _heard  # type: ignore[assignment]  # the one place that all of them pass
