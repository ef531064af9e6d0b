"""The files of one run: a tree with previews, or a list that stands still.

In comes a run; out come what was recorded of its files and what is in its folder now, and bytes
that a page asked for. `nbtrack.artifacts.show` calls it, and other panels share its answers.
"""
