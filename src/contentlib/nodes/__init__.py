"""Knows which worker processes serve the same data, and passes messages between them."""
