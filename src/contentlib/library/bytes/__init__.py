"""Stores content: keeps blobs and their rows consistent, copies them, and limits the rate and number of transfers."""
