"""Why one run is different from another: `nbtrack.diff`, and what the Compare tab says of causes.

In come the records of two runs; out go findings, the likeliest first, as text, HTML and a dict.
"""
