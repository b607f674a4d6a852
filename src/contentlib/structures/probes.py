"""What comes of looking whether the server could fetch something."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import Enumeration, Structure, enumeration

_NAME = "com.vmware.content.subscribed_library.probe_result"


@enumeration(f"{_NAME}.status")
class ProbeStatus(Enumeration):
    """What came of a probe."""

    CERTIFICATE_ERROR = "CERTIFICATE_ERROR"
    HOST_NOT_FOUND = "HOST_NOT_FOUND"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    INVALID_URL = "INVALID_URL"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    SUCCESS = "SUCCESS"
    TIMED_OUT = "TIMED_OUT"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"


class ProbeResult(Structure):
    """The answer to a probe; certificate (PEM) and thumbprint (SHA-1) are set where they are the problem."""

    vapi_name: ClassVar[str] = _NAME
    error_messages: list[LocalizableMessage]
    status: ProbeStatus
    ssl_certificate: str | None = None
    ssl_thumbprint: str | None = None
