"""The metadata port: tables, statements and migrations, and the stores that run them.

`tables` says what is kept, `rows` turns rows into the values of the rules and back, one module an aggregate holds its
statements, `transaction` runs them, `turns` commits them, and `sqlite` is the store. Statements are SQLAlchemy Core, compiled
once; nothing here knows an ORM.
"""
