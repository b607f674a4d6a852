"""Declares messages about unreadable requests and unknown operations."""

from contentlib.messages import Message

INVALID = "wire.invalid_value"
_NOT_AVAILABLE = "vCenter service {service} is not available on this server; docs/conformance.md lists the available services"
_SEE_SERVICES = "Call a vCenter, or use one of the services in the list."

GIVEN_TWICE = Message(INVALID, "{field} is given more than once", "Send the field once.")
GIVEN_IN_BODY_AND_QUERY = Message(INVALID, "{field} is given in both body and query", "Send the parameter in one place.")
GIVEN_IN_BODY_AND_ELSEWHERE = Message(
    INVALID, "{field} is given in both body and query or header", "Send the parameter in one place."
)
DUPLICATE_KEY = Message(INVALID, "{field} is a duplicate map key", "Send each key of a map once.")
ENTRY_INCOMPLETE = Message(INVALID, "{field} must have a key and a value", "Send key and value for each entry of a map.")
ENTRY_MALFORMED = Message(
    INVALID, '{field} must be an entry {{"key": …, "value": …}}', "Send a map as an object, or as a list of such entries."
)
VALUE_HAS_NO_FIELDS = Message(
    INVALID, "{field!r} is below {parent!r}, which already has a value", "Give a parameter either a value or fields, not both."
)
VALUE_AND_FIELDS = Message(
    INVALID, "{field!r} has both a value and fields", "Give a parameter either a value or fields, not both."
)
BAD_POSITION = Message(
    INVALID, "{field} is a list; {position!r} is not a position", "Number the elements from 1: name.1, name.2."
)
MISSING_POSITION = Message(
    INVALID,
    "{field} is a list numbered from 1; position {expected} is missing or {position} is duplicated",
    "Number the elements without gaps: name.1, name.2.",
)
NOT_IN_QUERY = Message(
    INVALID, "{field!r} is not a query parameter of {operation}", "Send parameters where the page of the operation places them."
)
NOT_IN_QUERY_BUT = Message(
    INVALID,
    "{field!r} is not a query parameter of {operation}; allowed: {allowed}",
    "Send parameters where the page of the operation places them.",
)
REQUIRED = Message("wire.required", "{field} is required", "Send the parameter or field.")
UNKNOWN_FIELD = Message(
    "wire.unknown_field",
    "unknown field {field!r}; expected: {expected}",
    "Correct the name, or turn off the setting strict.",
)
UNKNOWN_FIELD_OF_NONE = Message(
    "wire.unknown_field",
    "unknown field {field!r}; no fields are expected",
    "Remove the field, or turn off the setting strict.",
)

CONTENT_TYPE = Message(
    "wire.content_type",
    "unsupported content type {type!r}; use application/json or application/xml",
    "Set the header Content-Type. On /api only application/json is supported.",
)
NOT_JSON = Message("wire.json", "request body is not valid JSON: {problem}", "Correct the body; it must be UTF-8.")
NOT_AN_OBJECT = Message(
    "wire.json_object", "request body must be a JSON object, not {given}", "Wrap the parameters in an object."
)
TOO_DEEP = Message("wire.too_deep", "request body is nested too deeply", "Reduce the nesting of the body.")
XML = Message("wire.xml", "invalid XML body: {problem}", "Send well-formed XML in UTF-8.")
XML_DOCTYPE = Message(
    "wire.xml_doctype", "XML with a DOCTYPE is not accepted", "Remove the document type declaration and its entities."
)
XML_ROOT = Message(
    "wire.xml_root", "root element must be {expected}, not {given!r}", "Name the root element after the operation, with -Input."
)
PATH_NOT_UTF8 = Message("wire.path", "path segment {segment!r} is not UTF-8", "Percent-encode the path in UTF-8.")
QUERY_UNREADABLE = Message(
    "wire.query",
    "cannot read the query: it is not UTF-8 or has more than {most} parameters",
    "Send long arguments in the body.",
)
QUERY_TOO_DEEP = Message(
    "wire.query_too_deep", "query parameter {name!r} has too many parts; at most {most} are allowed", "Send it in the body."
)

NO_SUCH_ADDRESS = Message(
    "wire.no_such_address",
    "no such endpoint: {path!r}",
    "The pages of the operations list all endpoints; so does /openapi.json.",
)
NO_SUCH_ADDRESS_BUT = Message(
    "wire.no_such_address", "no such endpoint: {path!r}; did you mean {similar}?", "Use the suggested endpoint."
)
METHOD_NOT_ALLOWED = Message(
    "wire.method_not_allowed", "{path!r} does not accept {method}; allowed: {allowed}", "Use one of the allowed methods."
)
ACTION_UNKNOWN = Message(
    "wire.no_action", "{path!r} has no action {action!r}; available: {available}", "Use one of the available actions."
)
ACTION_NONE = Message("wire.no_action", "{path!r} has no action {action!r}", "Use the endpoint without an action.")
ACTION_REQUIRED = Message(
    "wire.no_action", "{path!r} requires an action in the query; available: {available}", "Add ~action=NAME to the query."
)
ACTION_NAME = Message(
    "wire.no_action",
    "actions on /rest are named ~action: use {path}?~action={action}",
    "Write ~action on /rest, action on /api.",
)
NO_SUCH_SERVICE = Message("wire.no_such_operation", "service {service!r} does not exist", "Correct the service identifier.")
SERVICE_NOT_AVAILABLE = Message(
    "wire.no_such_operation",
    _NOT_AVAILABLE,
    _SEE_SERVICES,
)
ADDRESS_NOT_AVAILABLE = Message(
    "wire.no_such_service",
    _NOT_AVAILABLE,
    _SEE_SERVICES,
)
NEEDS_HOSTS = Message(
    "wire.needs_hosts",
    "vCenter service {service} is not supported, because this server has no hosts; deploy or mount items from a vCenter",
    "Subscribe a vCenter to the library.",
)
NO_SUCH_OPERATION = Message(
    "wire.no_such_operation",
    "service {service!r} has no operation {operation!r}; available: {available}",
    "Correct the operation identifier.",
)
TASK_NOT_TRUE = Message("wire.task", "{parameter} must be true, not {given!r}", "Send true, or leave the parameter out.")
NO_TASK = Message("wire.no_task", "{operation} cannot run as a task", "Call the operation without vmw-task=true or $task.")

GET_WITH_COOKIE = Message(
    "wire.get_with_cookie",
    "{operation} with GET requires the header {header}; a session cookie is not enough",
    "Send the token in the header, or use POST.",
)
BASIC_MALFORMED = Message(
    "wire.basic",
    "Authorization header does not contain a user name and a password",
    "Encode name:password in base64, in UTF-8.",
)
SIGN_MALFORMED = Message(
    "wire.sign",
    "Authorization header does not contain a SAML token, or its signature is malformed",
    "Send token, nonce, signature_alg, signature and bodyhash, and the token compressed and in base64.",
)
SIGNATURE_MALFORMED = Message(
    "wire.sign",
    "security context does not contain a SAML token, or its signature is malformed",
    "Send samlToken, or signature, signatureAlgorithm and timestamp.",
)
SCHEME = Message(
    "wire.scheme", "unsupported security scheme {scheme!r}", "Log in with user name and password, or with a session."
)
SERVER_FAILED = Message(
    "wire.internal_server_error",
    "internal server error; see the server log for request {request}",
    "Report the error with the entry in the server's log.",
)

RPC_NOT_AN_OBJECT = Message(
    "rpc.request", "request must be an object, not {given}; batches are not supported", "Send one request."
)
RPC_ID = Message("rpc.request", "id must be a string or a number, not {given}", "Send a string or a number as id.")
RPC_VERSION = Message("rpc.request", 'request must have "jsonrpc": "2.0" and a method', "Send both members.")
RPC_METHOD = Message("rpc.method", "unsupported method {method!r}; the only method is invoke", "Use the method invoke.")
RPC_OBJECT_EXPECTED = Message("rpc.params", "{member} must be an object, not {given}", "Send an object.")
RPC_STRING_EXPECTED = Message("rpc.params", "{member} must be a string, not {given}", "Send a string.")
RPC_HEADER = Message(
    "rpc.header", "header {header} does not match {name!r} in the body", "Send the same name in both, or leave the header out."
)
