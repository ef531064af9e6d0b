"""What stands around the panels in a page of their own: the project's experiments at the left, and
an address that says what is shown.

In comes what the page asks for; out go the places that it can go to. The page opens the runs panel
and the registry's in itself, each over a line of its own. `web/` serves it.
"""
