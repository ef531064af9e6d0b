"""Where records live. `store` is the protocol that all rooms above know: records in, records out.

`opening` finds the store that a URI names. SQL is made in here, but for fixed questions to the
views that users have too; recording/ appends, and every room above reads.
"""
