"""Declares messages of the console's files."""

from contentlib.messages import Message

NOT_BUILT = Message("console.not_built", "this installation has no console", "Run make console, and start the server again.")
NO_SUCH_FILE = Message("console.file", "the console has no file {name!r}", "Load the page again; the server has been upgraded.")
