"""Autolog: what a framework does, told to a run. One folder a framework, and what all share.

In come calls of the user's framework, around which one table of patches stands; out go the verbs of
an `ActiveRun`, the only object that a hook holds. `nbtrack.autolog` and the notebook's extension
switch it on.
"""
