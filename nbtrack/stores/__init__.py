"""Where records live. `store` is the protocol that all rooms above know: records in, records out.

`opening` finds the store that a URI names. SQL is spoken in here and nowhere else; recording/
appends, lookup/ and panels/ read.
"""
