"""Defines the structures for results of probes."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import Enumeration, Structure, enumeration

_NAME = "com.vmware.content.subscribed_library.probe_result"


@enumeration(f"{_NAME}.status")
class ProbeStatus(Enumeration):
    """Result of a probe."""

    CERTIFICATE_ERROR = "CERTIFICATE_ERROR"
    HOST_NOT_FOUND = "HOST_NOT_FOUND"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    INVALID_URL = "INVALID_URL"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    SUCCESS = "SUCCESS"
    TIMED_OUT = "TIMED_OUT"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"


class ProbeResult(Structure):
    """Result of a probe. Certificate (PEM) and thumbprint (SHA-1) are set if the certificate is the problem."""

    vapi_name: ClassVar[str] = _NAME
    error_messages: list[LocalizableMessage]
    status: ProbeStatus
    ssl_certificate: str | None = None
    ssl_thumbprint: str | None = None
