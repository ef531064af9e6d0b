"""Registered models change here: versions, stages, aliases, gates, and the record of every change.

In come a store and what is to change; out come events in a chain of hashes. A change is decided on
what the registry held at its newest event, and is recorded only if that still is the newest one
(`changes.commit`): two who promote at once do not overwrite each other. api/ and panels/registry
call it; to look something up, lookup/ is enough.
"""
