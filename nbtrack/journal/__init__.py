"""The append-only log: what a process logs, one line each, and how everybody's lines are read.

In come records as lines of JSON; out come the bytes that are new since an offset, and who is still
alive. Whoever records makes lines; a store appends them, folds them and reads their tails.
"""
