"""Facts about a run that nobody logged: source, names and values of a cell, git, packages, data.

In come frames, namespaces, objects and folders, which are only looked at; out come plain facts.
cells/, hooks/ and recording/ ask for them and decide what is recorded.
"""
