"""Requests and responses as the byte edges see them; `asgi` is the only module that knows the server interface."""
