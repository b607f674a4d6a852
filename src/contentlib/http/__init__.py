"""Represents requests and responses for the byte edges. Only `asgi` knows the server interface."""
