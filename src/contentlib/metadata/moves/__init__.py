"""Moves the rows of a SQLite database to PostgreSQL, most of them while servers use it: docs/design/decisions/0023."""
