"""How things look in every output: numbers, markup that escapes, text tables, colours, errors.

In come values and text of whatever origin; out come strings that are safe to show. Every room that
shows something calls it, so that a number reads the same everywhere.
"""
