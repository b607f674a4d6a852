"""Declares messages about failed outbound requests; other messages contain them as the cause."""

from contentlib.messages import Message

_ALLOW = "Add the host or its network to the setting outbound_allow."
_SET_PIN = (
    "Set the thumbprint or certificate with the URL, or trust the authority that signed it: add it to the trusted certificates "
    "(content/trusted-certificates), or to the file of the setting outbound_ca_bundle."
)
_CORRECT_URL = "Correct the URL."
_CHECK_NETWORK = "Check the other server, the network and the proxy. The server tries again by itself."

BLOCKED = Message("outbound.policy", "requests to {kind} {host} are blocked; add it to outbound_allow to permit them", _ALLOW)
DENIED = Message(
    "outbound.policy", "requests to {host} are denied by outbound_deny", "Remove the host from the setting outbound_deny."
)
NOT_IMPORTABLE = Message("outbound.policy", "source {problem}", "Move the file below a directory of the setting import_roots.")
LEAVES_TLS = Message(
    "outbound.policy",
    "{url} redirects to {target}, where its certificate cannot be verified",
    "Set the URL that it redirects to.",
)
BAD_URL = Message("outbound.url", "{url!r} {problem}", _CORRECT_URL)
BAD_PIN = Message("outbound.url", "cannot connect to {url!r}: {field} {problem}", "Correct the thumbprint or certificate.")
HOST_NOT_FOUND = Message(
    "outbound.host_not_found", "host {host} not found ({reason})", "Correct the host name, or the name service."
)
CONNECTION = Message("outbound.connection", "connection to {url} failed: {reason}", _CHECK_NETWORK)
TIMED_OUT = Message("outbound.timed_out", "{url} did not respond within {seconds} seconds", _CHECK_NETWORK)
STATUS = Message(
    "outbound.status", "{url} answered {status}", "Check the URL, the credentials and the log of the other server."
)
TOO_MANY_REDIRECTS = Message("outbound.status", "{url} redirects more than {most} times", _CORRECT_URL)
REDIRECT_WITHOUT_TARGET = Message(
    "outbound.status", "{url} redirects without a location", "Report it to the operator of that server."
)
NO_SUCH_FILE = Message("outbound.status", "file {url} does not exist", _CORRECT_URL)
UNREADABLE_FILE = Message("outbound.status", "cannot read {url}: {reason}", "Check the permissions of the file.")
UNTRUSTED = Message("outbound.certificate", "certificate of {url} is not trusted: {reason}", _SET_PIN)
UNTRUSTED_MET = Message(
    "outbound.certificate",
    "certificate of {url} is not trusted: {reason}; its thumbprints are {sha1} (SHA-1) and {sha256} (SHA-256); {advice}",
    _SET_PIN,
)
OTHER_CERTIFICATE = Message("outbound.certificate", "certificate of {url} does not match the one that was set", _SET_PIN)
OTHER_CERTIFICATE_MET = Message(
    "outbound.certificate",
    "certificate of {url} does not match; its thumbprints are {sha1} (SHA-1) and {sha256} (SHA-256); {advice}",
    _SET_PIN,
)

PROBE_NO_FILE = Message("probe.file", "file does not exist", _CORRECT_URL)
PROBE_SLOW = Message("probe.file", "cannot look for the file: {problem}", "Check the disk of the directory.")
PROBE_BAD_URL = Message("probe.url", "URL {problem}", _CORRECT_URL)
PROBE_FAILED = Message("probe.{kind}", "{problem}", "See the reason.")
PROBE_LIBRARY = Message(
    "probe.library", "{problem}", "Check that the URL is that of a published library; most end in /lib.json."
)
