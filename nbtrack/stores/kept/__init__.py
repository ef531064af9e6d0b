"""Runs as they were read last, in memory, for as long as nothing has changed.

In come a snapshot and the signs of a change; out come pages, values and counts without a look into
the file, or None where DuckDB has to be asked. Only a store calls it;
`kept_runs` says what bounds it.
"""
