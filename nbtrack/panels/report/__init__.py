"""A report of an experiment: one file that any browser shows, without a server, a network or us.

`reading` gathers what it says, `charts` draws it as SVG, `document` makes the page of it; what is
in `page/` goes into it. What runs say is text in it, and its only script is ours, by its digest.
"""
