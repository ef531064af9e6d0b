"""What is shown under a tracked cell: facts, put into words, laid out as HTML and as text.

In come `CardFacts`, and the traces that fits are told from; out comes script-free HTML and its
text twin. cells/ makes the facts and shows the card; no other room calls it.
"""
