"""Implements the commands that are clients of a server, through its API, from any machine."""
