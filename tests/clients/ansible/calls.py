"""What the modules called: operations as `service.operation`, requests over REST as `GET /api/…`, methods over SOAP by name."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

HEARD = Path(__file__).with_name("heard")
"""What a Python that finds this directory in PYTHONPATH loads first."""

_OPERATION = re.compile(r'"operationId": ?"(\w+)"')
_SERVICE = re.compile(r'"serviceId": ?"([\w.]+)"')
_METHOD = re.compile(r"<soapenv:Body><(\w+)")
_LOGGED = re.compile(r"^([A-Z]+): (https://\S+)\n(?:headers: .*\n)  status: (\d+)$", re.MULTILINE)


def variables(directory: Path) -> dict[str, str]:
    """The environment in which playbooks leave in a directory what they call."""
    heard, logged = _files(directory)
    return {"PYTHONPATH": str(HEARD), "CONTENTLIB_HEARD": str(heard), "VMWARE_REST_LOG_FILE": str(logged)}


def read(directory: Path) -> list[str]:
    """What was called, each call once; over REST only what was not refused."""
    heard, logged = _files(directory)
    text = heard.read_text("utf-8", "replace")
    calls = set(_METHOD.findall(text))
    for line in text.splitlines():
        calls.update(f"{service}.{operation}" for service in _SERVICE.findall(line) for operation in _OPERATION.findall(line))
    for method, address, status in _LOGGED.findall(logged.read_text() if logged.exists() else ""):
        if int(status) < 400:
            url = urlsplit(address)
            calls.add(f"{method} {url.path}?{url.query}")
    return sorted(calls)


def _files(directory: Path) -> tuple[Path, Path]:
    return directory / "heard", directory / "rest.log"
