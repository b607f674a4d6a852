"""Bytes: blobs and their rows in step, copies, and how fast and how many at once."""
