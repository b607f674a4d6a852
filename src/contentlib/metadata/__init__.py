"""The metadata port: tables, statements and migrations, and the stores that run them.

`tables` says what is kept, `rows` turns rows into the values of the rules and back, one module an aggregate holds its
statements, and `sqlite` runs them. Statements are SQLAlchemy Core, compiled once; nothing here knows an ORM.
"""
