"""Declares messages about logins at identity providers and about the tokens of pipelines."""

from contentlib.messages import Message

_AGAIN = "Start the login again."
_TOKEN = "access.token_refused"  # noqa: S105 - the id of a message
_RENEW = "Get a new token from the provider, made for this server."

PROVIDER_DOWN = Message(
    "access.provider_down",
    "provider {provider} is not usable: {problem}; local users can log in",
    "Check the provider and the network. The server tries again by itself.",
)
TOO_MANY_LOGINS = Message(
    "access.busy", "too many logins at {provider} are waiting; try again in {seconds} seconds", "Wait, then log in again."
)
TOKEN_REFUSED = Message(_TOKEN, "token of {provider} refused: {problem}", _RENEW)
TOKEN_UNREADABLE = Message(_TOKEN, "the bearer token is neither an API token nor a signed JWT", _RENEW)
TOKEN_LONG = Message(_TOKEN, "the bearer token is {length} characters; at most {most} are allowed", _RENEW)
NO_ISSUER = Message(
    _TOKEN, "no provider or workload rule accepts tokens of issuer {issuer!r}", "Add the issuer to [[oidc]] or [[workload]]."
)
NO_RULE = Message(
    "access.no_workload",
    "no workload rule matches the token of {issuer} with subject {subject!r}",
    "Compare the claims of the token with the rules in [[workload]].",
)
LOGIN_REFUSED = Message("access.login_refused", "login at {provider} failed: {problem}", _AGAIN)
LOGIN_STATE = Message(
    "access.login_state", "the login at {provider} was not started in this browser, or has expired or ended", _AGAIN
)
NO_SUCH_PROVIDER = Message("access.no_provider", "unknown provider {name!r}", "Use a provider that /cls/login lists.")
NEXT_REFUSED = Message("access.next_refused", "next must be a path of this server, such as /", "Correct the parameter next.")
