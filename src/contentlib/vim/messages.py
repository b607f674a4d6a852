"""Declares messages of the Web Services; those that clients compare are vCenter's."""

from contentlib.messages import Message

NOT_SUPPORTED = Message(
    "vim.not_supported",
    "method {method} is not supported by this server; docs/conformance.md lists those that are",
    "Use the Content Library API for it, or a vCenter.",
)
NO_METHOD = Message(
    "vim.no_method",
    "unknown method {method}: vSphere's public Web Services have no method of that name",
    "Correct the name of the method.",
)
INVALID_LOGIN = Message(
    "vim.invalid_login",
    "cannot complete login due to an incorrect user name or password",
    "Correct the user name or the password.",
)
NOT_AUTHENTICATED = Message("vim.not_authenticated", "the session is not authenticated", "Log in first.")
NOT_FOUND = Message(
    "vim.not_found",
    "object '{type}:{identifier}' has already been deleted or has not been completely created",
    "List the objects again.",
)
TYPE_NOT_HERE = Message(
    "vim.not_found",
    "object '{type}:{identifier}' does not exist: this server has no {type}; docs/conformance.md lists the types",
    "Use a vCenter for it.",
)
NO_TYPE = Message(
    "vim.not_found",
    "object '{type}:{identifier}' does not exist: vSphere has no type {type!r}",
    "Correct the type of the object.",
)
NO_SESSION = Message("vim.no_session", "unknown session {key!r}; SessionManager.sessionList lists yours", "List your sessions.")
NO_PROPERTY = Message("vim.no_property", "type {type} has no property '{name}'", "Ask for a property that the type has.")
NOT_A_REFERENCE = Message(
    "vim.argument", "{argument} must be a reference to a managed object, with its type", "Send a reference."
)
NOT_A_TRAVERSAL = Message("vim.argument", "{argument} must be a traversal or the name of one", "Send a traversal.")
NOT_A_FILTER = Message("vim.argument", "{argument} must be a PropertyFilterSpec", "Send a filter.")
FILTER_TOO_LARGE = Message(
    "vim.argument",
    "{argument}: a collector has at most {most} filters of {length} bytes each",
    "Destroy filters, or create another collector.",
)
COUNT = Message(
    "vim.argument", "{argument} must be 1 to {most}, not {given!r}", "Ask for fewer, and call again for the next ones."
)
NO_STATE = Message("vim.argument", "{argument}: unknown state {given!r}", "Use queued, running, success or error.")
NO_TIME = Message("vim.argument", "{argument}: {given!r} is not valid", "Send a time as in 2026-01-31T12:00:00Z, and its kind.")
TOO_MANY_STEPS = Message(
    "vim.argument", "{argument}: the filters lead through more than {most} objects and values", "Ask for less in a call."
)
TOO_MANY_TYPES = Message(
    "vim.argument", "{argument} must have at most {most} types of {length} characters", "Name fewer types."
)
TOO_MANY_OF_LOGIN = Message(
    "vim.too_many_of_login",
    "a session has at most {most} filters, changed list views and task collectors, of {length} characters in total",
    "Destroy those that are not needed, or log out.",
)
TOO_MANY_OBJECTS = Message("vim.argument", "{argument} must not name more than {most} objects", "List fewer objects.")
UNKNOWN_TRAVERSAL = Message("vim.argument", "{argument}: this filter has no traversal {given!r}", "Correct the name.")
OWN_SESSION = Message("vim.argument", "{argument}: {given!r} is the session of this call; end it with Logout", "Use Logout.")
UNKNOWN_TOKEN = Message("vim.argument", "{argument} was not issued by this server", "Start the retrieval again.")
INVALID_XML = Message("vim.request", "invalid SOAP request: {problem}", "Send a SOAP envelope in UTF-8.")
NOT_AN_ENVELOPE = Message(
    "vim.request", "request body is not a SOAP envelope with a method", "Send a SOAP envelope with one method."
)
SEARCH_TOO_LONG = Message(
    "vim.argument",
    "{argument} must have at most {most} patterns of {length} characters and a path of {path}",
    "Search with fewer or shorter patterns.",
)
TOO_MANY_SEARCHES = Message(
    "vim.argument", "{argument} must not name more than {most} tasks of searches", "Read the tasks one after the other."
)
NOT_CANCELABLE = Message("vim.not_cancelable", "task {task} cannot be canceled", "Wait until it ends.")
TASK_ENDED = Message("vim.task_ended", "task {task} has ended already", "Nothing is left to be done.")
NO_DATASTORE = Message(
    "vim.no_datastore",
    "unknown datastore {name!r}",
    "Begin the path with the name of a datastore in brackets: [datastore1] path.",
)
NO_DIRECTORY = Message("vim.no_directory", "no such directory: {directory!r}", "List the directory above it.")
TOO_MANY_ENTRIES = Message(
    "vim.too_many_entries",
    "directory {directory!r} has more than {most} entries that match",
    "Search a directory below it, or with a narrower pattern.",
)
