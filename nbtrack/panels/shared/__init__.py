"""What every panel has: messages, live updates, static twins, and the page's own small library.

In come questions of a page; out go answers and news. It knows no panel in particular, and every
panel is built on it.
"""
