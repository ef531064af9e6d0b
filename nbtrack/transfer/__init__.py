"""Coming from another tracker: its runs become lines of the journal, with the ids they have there.

A source is read by a reader of its own, which gives the records of `source_records`; `importing`
writes what is new of them, `checking` reads both sides back and compares. Nothing in a source is
trusted: paths, names and places are checked before they are used.
"""
