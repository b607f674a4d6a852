"""Calls the API of a server: connections that survive a broken line, imports and exports that continue where they ended."""
