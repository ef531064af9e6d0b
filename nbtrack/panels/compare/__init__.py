"""Two runs or more side by side: what differs first, metrics against a baseline, code, pictures.

In come run ids; out come sections of lines in words, a DataFrame, and the answers of a page.
`nbtrack.compare` calls it, and the runs panel has it as a tab.
"""
