"""Manages update sessions, by which content is added, and download sessions, by which it is read."""
