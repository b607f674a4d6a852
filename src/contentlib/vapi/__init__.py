"""Defines services, operations, structures and errors. Knows no library, HTTP or database."""
