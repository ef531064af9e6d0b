"""Runs that come from elsewhere, or go there, as lines of the journal, with the ids that they have.

`copies` copies them between a folder and a server; `sources` reads what MLflow and others keep, and
`imports` writes what is new of them, and compares both sides. Nothing that comes in is trusted:
paths, names and places are checked before they are used.
"""
