"""Implements the metadata port: tables, statements, migrations and stores.

`tables` defines the schema, `rows` converts rows to values of the rules and back, each aggregate has a module of statements,
`transaction` runs them, `turns` commits them, and `sqlite` is the store. `postgresql` is another store with the same
statements and migrations, and `database` opens either. Statements are SQLAlchemy Core, compiled once; there is no ORM.
"""
