"""The data that a hook is shown. Rows of it can be taken, and a run is told what it was; nothing
here knows what is trained.
"""
