"""Charts as pure functions: rows in, a `Drawing` (an Altair chart, and apart from it its rows) out.

Beside them the process that draws pictures, so that a kernel does not wait for Altair. panels/
choose the rows; nothing here asks a store.
"""
