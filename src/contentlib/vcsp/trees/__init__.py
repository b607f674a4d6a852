"""Writes libraries as trees of files, and reads them back."""
