"""Registered models change here: versions, stages, aliases, gates, and the record of every change.

In come a store and what is to change; out come events in a chain of hashes, each decided on what
the registry held at its newest event (`changes.commit`). api/, panels/ and cli/ call it; to look
something up, lookup/ is enough.
"""
