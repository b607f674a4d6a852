"""Manages tags: categories, tags, and the objects that they are attached to."""
