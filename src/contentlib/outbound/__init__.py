"""Requests that the server makes by itself: one client, which goes only where it may."""
