"""Serves the console: the pages with which people use this server in a browser. Its source is `console/` in the repository."""
