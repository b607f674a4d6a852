"""The rules of libraries, items, versions, files and sessions, in plain Python; nothing here knows a wire form or a database."""
