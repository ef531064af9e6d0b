"""A script as a run: `nbtrack run script.py` runs it as python does, and records what it was.

`program` is python's part, which knows no runs; `recording` opens the run around it.
"""
