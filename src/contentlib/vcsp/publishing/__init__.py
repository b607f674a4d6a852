"""Publishes libraries to subscribers."""
