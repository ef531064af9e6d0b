"""The append-only log: what a process logs, one line each, and how everybody's lines are read.

In come records as lines of JSON; out come the bytes that are new since an offset, and who is still
alive. stores/ fold them and read their tails; recording/ makes the lines.
"""
