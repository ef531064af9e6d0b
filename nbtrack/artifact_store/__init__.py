"""The files of a run: where they lie, how they are written whole or not at all, their formats.

In come bytes, files and folders under relative paths; out come `FileInfo` records with sizes and
digests, and previews. recording/ writes through it, and whoever shows or loads files reads.
"""
