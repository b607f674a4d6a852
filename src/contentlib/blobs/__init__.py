"""Implements the blob port: stores the content of files."""
