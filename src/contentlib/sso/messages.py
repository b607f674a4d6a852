"""Declares messages of the security token service and of logins with its tokens."""

from contentlib.messages import Message

TOKEN_REFUSED = Message("sso.token_refused", "the SAML token is not accepted: {problem}", "Request a new token.")
ENVELOPE = Message("sso.request", "invalid SOAP request: {problem}", "Send a SOAP envelope in UTF-8.")
REQUEST = Message("sso.request", "invalid security token request: {problem}", "Correct the request.")
TIMES = Message("sso.times", "{problem}", "Correct the clock of the client, and send the request again.")
WRONG_PASSWORD = Message("sso.wrong_password", "invalid credentials", "Correct the user name or the password.")
NO_PASSWORD = Message(
    "sso.no_password", "the request has no user name and password", "Send a UsernameToken with user name and password."
)
NOT_RENEWABLE = Message(
    "sso.not_renewable",
    "the token cannot be renewed: it is a bearer token, was not issued as renewable, or was renewed too often",
    "Request a new token.",
)
FAILED = Message("sso.failed", "{problem}", "Try again later.")
NO_DOMAIN = Message("sso.no_domain", "unknown domain {domain!r}; this server has {known!r}", "Use the path without a domain.")
