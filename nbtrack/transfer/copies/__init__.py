"""Runs, copied from one project to another: between a folder and a server, either way.

`copying` asks both sides what they have, and adds to one what it lacks; `sides` are the two kinds
of projects; `spool` is what a push has on its way.
"""
