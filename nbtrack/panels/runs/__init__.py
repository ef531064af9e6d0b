"""The table of runs: sorted, filtered, grouped and edited; as text, on paper, and alive.

In come a filter, an order and what a page asks; out go rows as text, one page at a time.
`nbtrack.runs`, `%runs` and the command line call it; `state` is what its tabs are handed.
"""
