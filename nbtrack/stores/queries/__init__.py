"""Questions asked of a snapshot: runs, pages, groups, keys, series, values.

In come a connection and a `RunQuery`; out come records and columns. Stores call them.
"""
