"""Filters as people type them: bare words, the names of the table's header, keys without prefixes.

In comes what was typed and what names the project's runs have; out comes a filter string of the
store's grammar, which stays MLflow's. What is one already comes out as it is.
"""
