"""Defines the rules of libraries, items, files and sessions in plain Python. Knows no wire form and no database."""
