"""What knows nothing of runs: locks, guards, plain values, a background thread.

In come plain values and functions; nothing of nbtrack but `errors` is imported here. Every other
room may call it.
"""
