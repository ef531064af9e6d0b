"""What is wrong with a run, in one plain sentence each, with what to do: pure, one module a kind.

In come records of executions, digests and hashes of rows; out comes a sentence, or None. The kinds
are listed in `records.warned`; cells/ and hooks/ ask, cards/ and panels/ show. Where a record is
missing nothing is said: a warning that may be wrong is worse than none.
"""
