"""The panels as pages of a small local server, without a kernel: `nbtrack ui`.

In come requests of a browser on this machine, out go the page and, over a WebSocket for each panel,
the messages that a notebook would carry. Only the command line calls it.
"""
