"""Filter strings and orders, in MLflow's grammar and a little more, as SQL.

In comes what a person typed; out come clauses with their values bound, or an error that says what
was meant. `clauses` is the way in for a store; gates and the boxes of panels share the grammar.
"""
