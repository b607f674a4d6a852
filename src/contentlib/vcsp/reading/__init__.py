"""Reads libraries that others publish."""
