"""Declares messages about published libraries that do not exist."""

from contentlib.messages import Message

NO_LIBRARY = Message("vcsp.library", "published library {library!r} does not exist", "Publish the library, or correct the URL.")
CREDENTIALS = Message(
    "vcsp.credentials", "user name 'vcsp' and the password of the library are required", "Send both by basic authentication."
)
NO_ITEM = Message("vcsp.item", "library {library} has no item {item!r}", "Read items.json again.")
NO_FILE = Message("vcsp.file", "item {item!r} of library {library} has no file {name!r}", "Read item.json again.")
NO_DOCUMENT = Message("vcsp.document", "library {library} has nothing at {path!r}", "Read lib.json and follow its links.")
