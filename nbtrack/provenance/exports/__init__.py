"""A run as a file that others can run: notebook, script or archive.

In comes what the run came from, see `upstream`; out goes a file, written whole or not at all.
"""
