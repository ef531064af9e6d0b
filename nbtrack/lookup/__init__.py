"""Runs and models as answers: find the one that is meant, frames and tables, what differs.

In come a store and what a person typed; out come records, frames and differences. Every room above
asks here, so that a name means the same everywhere.
"""
