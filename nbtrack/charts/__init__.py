"""Charts as pure functions: rows in, a `Drawing` (Altair chart and rows) out.

Altair takes 0.3-1.3 s to import and is therefore imported inside the functions that draw; what
only prepares rows or colours needs neither it nor pandas.
"""
