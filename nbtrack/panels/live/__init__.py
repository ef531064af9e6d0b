"""The curves of the cell that is running, drawn while it trains.

In come the lines that are new in the journals, a few times a second, on a thread of its own; out go
points to the page, and a picture when the cell ends. `nbtrack.live` and `%%track --live` call it.
"""
