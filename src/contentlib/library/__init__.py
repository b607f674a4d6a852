"""The rules of libraries, items, files and sessions, in plain Python; nothing here knows a wire form or a database."""
