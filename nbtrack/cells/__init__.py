"""One tracked cell, from the line that was typed to the card under it.

In come IPython's events and the words of `%%track`; out go a run in recording/, and facts to
cards/. It begins with the extension, which `nbtrack.ipython` loads, and knows no panel.
"""
