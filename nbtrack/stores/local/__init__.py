"""The DuckDB file of a project: attach, fold, snapshot, schema, migrations.

In come the journals of all processes; out come connections in which folded rows and tails are one
cut. `duckdb` is the `Store` that the rest of nbtrack opens.
"""
