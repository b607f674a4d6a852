"""Manages libraries, items, content versions, trash, usages and retention."""
