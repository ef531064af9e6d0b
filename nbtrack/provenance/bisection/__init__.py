"""Between which two attempts a metric moved, and which change moved it: `nbtrack.bisect`.

In come two runs of one lineage; out goes the attempt, and with
`run=True` a proof by running slices again.
"""
