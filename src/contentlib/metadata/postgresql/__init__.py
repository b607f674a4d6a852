"""Implements the metadata store on PostgreSQL, with the statements and migrations of the other stores."""
