"""Contains the Alembic migrations of the database, which run at every start."""
