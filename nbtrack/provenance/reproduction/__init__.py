"""A run run once more in a fresh kernel, and compared: `nbtrack.reproduce`.

In comes what the run came from; out goes a verdict, which is recorded on it.
"""
