"""Writes libraries as trees of static files, and reads them."""
