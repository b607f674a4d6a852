"""Runs background work at intervals, in every process or in one process at a time."""
